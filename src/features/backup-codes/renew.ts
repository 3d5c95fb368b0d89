import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { concludeFactorChange } from '../second-step/factor-change.ts';
import { readStrongSteps } from '../second-step/store.ts';
import { createCodeSet, printedCode } from './backup-code.ts';
import { readCodeSet, replaceCodeSet, type StoredBackupCode } from './store.ts';

/**
 * Why no codes were made. `noStrongStep`: there is nothing beside which they would stand.
 * `changed`: the page shows another set than the one in force, so the form was sent before.
 */
export type RenewReason = 'busy' | 'noStrongStep' | 'changed';

/**
 * Creates a new set of codes, which ends the one before. The codes are shown once and not stored.
 * @param since the set that the person saw: `since` of `readCodeSet`, or '' for none
 * @returns the codes as they are printed
 */
export async function renewBackupCodes(
  { database, hasher }: { readonly database: Database; readonly hasher: PasswordHasher },
  actor: Actor,
  since: string,
): Promise<Result<readonly string[], RenewReason>> {
  if (hasher.saturated) return refused('busy');
  const codes = createCodeSet();
  const stored = await Promise.all(
    codes.map(async ({ label, secret }) => ({ label, hash: await hasher.hash(secret) })),
  );
  const reason = await writeCodeSet(database, actor, since, stored);
  return reason === undefined ? accepted(codes.map(printedCode)) : refused(reason);
}

/**
 * Writes a set of codes. Returns the reason when it may not be written.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function writeCodeSet(
  database: Database,
  actor: Pick<Actor, 'holderId' | 'sessionHash' | 'requestId'>,
  since: string,
  codes: readonly StoredBackupCode[],
): Promise<Exclude<RenewReason, 'busy'> | undefined> {
  const { holderId } = actor;
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    await refuseUnderMaintenance(transaction);
    if ((await readStrongSteps(transaction, holderId)).count === 0) return 'noStrongStep';
    if (((await readCodeSet(transaction, holderId)).since ?? '') !== since) return 'changed';
    await replaceCodeSet(transaction, holderId, codes);
    await concludeFactorChange(transaction, actor, {
      notice: 'factor-added',
      event: 'backup-codes-created',
    });
    return undefined;
  });
}
