import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import { concludeFactorChange } from '../second-step/factor-change.ts';
import { giveUpStrongStep } from '../second-step/last-strong-step.ts';
import { deletePasskey, hasPasskey } from './store.ts';

/** How a removal ended. `passwordShort`: the password must become longer first. */
export type PasskeyRemoval = 'removed' | 'unknown' | 'passwordShort';

/**
 * Removes a passkey. The other sessions of its holder end, and every channel is told. Where it was
 * the last strong step, the backup codes end too.
 */
export function removePasskey(
  database: Database,
  actor: Pick<Actor, 'holderId' | 'sessionHash' | 'requestId'>,
  credentialId: Buffer,
): Promise<PasskeyRemoval> {
  const { holderId } = actor;
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    await refuseUnderMaintenance(transaction);
    if (!(await hasPasskey(transaction, holderId, credentialId))) return 'unknown';
    if (!(await giveUpStrongStep(transaction, holderId))) return 'passwordShort';
    const name = await deletePasskey(transaction, holderId, credentialId);
    await concludeFactorChange(transaction, actor, {
      notice: 'factor-removed',
      event: 'passkey-removed',
      detail: { name },
    });
    return 'removed';
  });
}
