import { tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockHolderOfRequest } from '../../platform/postgres/locks.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { endCodes } from '../codes/store.ts';
import { isFrozen } from '../disavowal/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import { checkPassword, type PasswordReason, passwordLength, sufficesAlone } from '../passwords/password.ts';
import { personalData } from '../passwords/personal-data.ts';
import { type StoredPassword, setProvedPassword } from '../passwords/store.ts';
import { readStrongSteps } from '../second-step/store.ts';
import { forgetFailures } from '../sign-in/failure-store.ts';
import { failureKeys } from '../sign-in/failures.ts';
import { endSessions, setHolderLanguage } from '../sign-in/session-store.ts';
import type { AccountRequestDeps, AccountRequestKind } from './account-request.ts';
import { findAccountRequest } from './request.ts';
import { endAccountRequests, lockProvedRequest } from './store.ts';

export type ChoiceReason = PasswordReason | 'passwordsDiffer';

/**
 * Sets the password of a proved request. This opens no session: the person then signs in with the
 * password.
 */
export async function choosePassword(
  deps: AccountRequestDeps,
  kind: AccountRequestKind,
  visitor: { readonly token: string; readonly network: string; readonly requestId: string },
  typed: { readonly password: string; readonly again: string },
): Promise<Result<'registered' | 'recovered', ChoiceReason | 'gone' | 'busy'>> {
  const { database, keys, hasher } = deps;
  const request = await findAccountRequest(deps, kind, visitor.token);
  if (!request?.proved) return refused('gone');
  const { iin, holderId } = request.proved;
  const about = await personalData(deps, iin, holderId, visitor.requestId);
  const { count } = await readStrongSteps(database, holderId);
  const checked = checkPassword(typed.password, about, deps.common, passwordLength(count > 0));
  if (!checked.ok) return checked;
  if (typed.again.normalize('NFC') !== checked.value) return refused('passwordsDiffer');
  if (hasher.saturated) return refused('busy');
  const outcome = await completeRequest(database, tokenHash(visitor.token), kind, {
    hash: await hasher.hash(checked.value),
    sufficesAlone: sufficesAlone(checked.value),
    requestId: visitor.requestId,
    failures: failureKeys(keys, iin, visitor.network),
  });
  if (outcome === undefined) return refused('gone');
  if (outcome === 'passwordShort') return refused(outcome);
  deps.onQueued();
  return accepted(outcome);
}

/** A checked and hashed password. */
export interface ChosenPassword extends StoredPassword {
  readonly requestId: string;
  /** Counts of failed sign-ins to forget. */
  readonly failures: readonly Buffer[];
}

/**
 * Sets the password and ends everything else that could open the cabinet. Returns undefined when
 * the request has expired or the cabinet is frozen, and `passwordShort` when the strong step is gone
 * beside which the password would be long enough.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function completeRequest(
  database: Database,
  hash: Buffer,
  kind: AccountRequestKind,
  { requestId, failures, ...password }: ChosenPassword,
): Promise<'registered' | 'recovered' | 'passwordShort' | undefined> {
  return database.transaction(async (transaction) => {
    await lockHolderOfRequest(transaction, hash);
    const request = await lockProvedRequest(transaction, hash, kind);
    if (!request) return undefined;
    await refuseUnderMaintenance(transaction);
    const { holderId, language, channel } = request;
    // Checked under the lock, because "this wasn't me" may have been answered after the code was
    // typed.
    if (await isFrozen(transaction, holderId)) return undefined;
    if (!password.sufficesAlone && (await readStrongSteps(transaction, holderId)).count === 0)
      return 'passwordShort';
    const { isFirst } = await setProvedPassword(transaction, holderId, password, channel);
    const event = isFirst ? 'registered' : 'password-recovered';
    await endSessions(transaction, holderId, event);
    await endCodes(transaction, holderId);
    await endAccountRequests(transaction, holderId);
    await forgetFailures(transaction, failures);
    if (isFirst) await setHolderLanguage(transaction, holderId, language);
    await recordEvent(transaction, { holderId, kind: event, requestId });
    const outcome = isFirst ? 'registered' : 'recovered';
    await notifyHolder(transaction, holderId, outcome);
    return outcome;
  });
}
