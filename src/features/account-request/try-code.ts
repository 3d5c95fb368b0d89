import { tokenHash } from '../../platform/keys.ts';
import { lockHolderOfRequest } from '../../platform/postgres/locks.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { maxTries } from '../codes/code.ts';
import { consumeCode } from '../codes/consume.ts';
import { type CodeFormReason, notACode, readCode } from '../codes/typed-code.ts';
import type { AccountRequestDeps, AccountRequestKind } from './account-request.ts';
import { admitAttempt, type Requester } from './admission.ts';
import { typedBefore } from './request.ts';
import { countRequestAttempt, markProved } from './store.ts';

/** The holder of a code that was never sent. Looking it up does the same work as for a real one. */
const nobody = '00000000-0000-0000-0000-000000000000';

export type TypedCodeReason = 'codeWrong' | 'codeExpired' | 'codeTries' | CodeFormReason;

/**
 * Compares a typed code. When no code was sent, the same statements run and the answers are the
 * same: the answer depends only on the request. Everything is one transaction, because one more row
 * written to disk could be noticed by its time.
 */
export async function tryCode(
  deps: AccountRequestDeps,
  kind: AccountRequestKind,
  token: string,
  typed: string,
  requester: Requester = { network: '' },
): Promise<Result<undefined, TypedCodeReason | 'gone' | 'stopped'>> {
  const { attackSwitch } = deps;
  const meanings = readCode(typed, 'long');
  if (meanings.length === 0) return refused(notACode.long);
  const hash = tokenHash(token);
  if (attackSwitch.open) {
    const before = await typedBefore(deps, kind, token);
    if (!before) return refused('gone');
    const admitted = await admitAttempt(deps, before, requester);
    if (!admitted.ok) return admitted;
  }
  return compareCode(deps, kind, hash, meanings);
}

/**
 * Counts the try, compares, and marks the request as proved.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function compareCode(
  {
    database,
    keys,
    accountRequestSettings,
  }: Pick<AccountRequestDeps, 'database' | 'keys' | 'accountRequestSettings'>,
  kind: AccountRequestKind,
  hash: Buffer,
  meanings: readonly string[],
): Promise<Result<undefined, TypedCodeReason | 'gone'>> {
  return database.transaction(async (transaction) => {
    await lockHolderOfRequest(transaction, hash);
    const attempt = await countRequestAttempt(transaction, hash, kind, maxTries);
    if (!attempt) return refused('gone');
    if (attempt.kind === 'over') return refused(attempt.why === 'time' ? 'codeExpired' : 'codeTries');
    const sent = attempt.kind === 'counted' ? attempt.sent : undefined;
    const checked = await consumeCode(
      { keys, database: transaction },
      sent ?? { codeId: nobody, holderId: nobody },
      meanings,
    );
    if (!checked.ok) return refused('codeWrong');
    await markProved(transaction, hash, accountRequestSettings.choiceMinutes);
    return accepted(undefined);
  });
}
