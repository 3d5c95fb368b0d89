import type { KnownPersonDeps } from '../../fund/known-person.ts';
import type { Fund } from '../../fund/port.ts';
import { type Keys, randomToken, tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Iin } from '../../values/iin.ts';
import { endAccountRequests } from '../account-request/store.ts';
import { endCodes } from '../codes/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import { readStrongSteps } from '../second-step/store.ts';
import { countPasswordAttempt, forgetFailures } from '../sign-in/failure-store.ts';
import { waitMinutes } from '../sign-in/failures.ts';
import { findHolder } from '../sign-in/holder-status.ts';
import { endSessions, rotateSession } from '../sign-in/session-store.ts';
import type { SignInSettings } from '../sign-in/settings.ts';
import type { CommonPasswords } from './common-passwords.ts';
import type { PasswordHasher } from './hasher.ts';
import {
  checkPassword,
  maxPasswordBytes,
  type PasswordReason,
  passwordLength,
  sufficesAlone,
} from './password.ts';
import { personalData } from './personal-data.ts';
import { findPassword, replacePassword, type StoredPassword, setFirstPassword } from './store.ts';

export interface ChangePasswordDeps extends KnownPersonDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly hasher: PasswordHasher;
  readonly common: CommonPasswords;
  readonly fund: Fund;
  readonly signInSettings: SignInSettings;
}

/** Who changes the password, and in which session. */
export interface PasswordActor {
  readonly holderId: string;
  readonly iin: string;
  readonly sessionHash: Buffer;
  readonly requestId: string;
}

export interface TypedPasswords {
  readonly current: string;
  readonly password: string;
  readonly again: string;
}

/** What is wrong with each field, as keys of the texts. */
export interface PasswordErrors {
  readonly current?: 'currentEmpty' | 'currentWrong';
  readonly password?: PasswordReason | 'passwordSame';
  readonly again?: 'passwordsDiffer';
}

export type PasswordOutcome =
  /** `token` is the session's new secret, for its cookie. */
  | { readonly kind: 'changed'; readonly token: string }
  | { readonly kind: 'invalid'; readonly errors: PasswordErrors }
  | { readonly kind: 'limited'; readonly minutes: number }
  | { readonly kind: 'busy' }
  /** The fund no longer allows this person in. */
  | { readonly kind: 'not-active' };

const currentWrong: Extract<PasswordOutcome, { kind: 'invalid' }> = {
  kind: 'invalid',
  errors: { current: 'currentWrong' },
};

/**
 * Replaces the password of a signed-in holder, who enters the current one. When none is set (they
 * signed in by EDS), sets a first one. Guesses of the current one are delayed as at sign-in,
 * because an attacker may find an open session.
 */
export async function changePassword(
  deps: ChangePasswordDeps,
  actor: PasswordActor,
  typed: TypedPasswords,
): Promise<PasswordOutcome> {
  const { database, hasher, keys, signInSettings } = deps;
  const former = await findPassword(database, actor.holderId);
  const current = typed.current.normalize('NFC');
  const about = await personalData(deps, actor.iin, actor.holderId, actor.requestId);
  const { count } = await readStrongSteps(database, actor.holderId);
  const checked = checkPassword(typed.password, about, deps.common, passwordLength(count > 0));
  const errors: PasswordErrors = {
    ...(former !== undefined && current === '' ? { current: 'currentEmpty' } : {}),
    ...(checked.ok ? {} : { password: checked.reason }),
    ...(checked.ok && former !== undefined && checked.value === current ? { password: 'passwordSame' } : {}),
    ...(checked.ok && typed.again.normalize('NFC') !== checked.value ? { again: 'passwordsDiffer' } : {}),
  };
  if (!checked.ok || Object.keys(errors).length > 0) return { kind: 'invalid', errors };
  if (hasher.saturated) return { kind: 'busy' };

  const failures = keys.sign('password check', actor.holderId);
  if (former !== undefined) {
    const counted = await countPasswordAttempt(database, {
      key: failures,
      free: signInSettings.freeFailures,
      maxMinutes: signInSettings.maxDelayMinutes,
    });
    if (!counted.allowed) return { kind: 'limited', minutes: waitMinutes(counted.waitSeconds) };
    const tooLong = Buffer.byteLength(current) > maxPasswordBytes;
    if (tooLong || !(await hasher.verify(former, current))) return currentWrong;
  }
  const person = await findHolder(deps, actor.iin as Iin, actor.requestId);
  if (person !== 'unavailable' && person?.status !== 'active') return { kind: 'not-active' };
  const token = randomToken();
  const changed = await writeNewPassword(database, actor, {
    hash: await hasher.hash(checked.value),
    sufficesAlone: sufficesAlone(checked.value),
    former,
    nextSession: tokenHash(token),
    failures,
  });
  return changed === 'changed' ? { kind: 'changed', token } : changed;
}

/** A checked and hashed password. */
export interface NewPassword extends StoredPassword {
  /** The hash that is replaced. Undefined for a first password. */
  readonly former: string | undefined;
  /** The hash of the secret with which the session continues. */
  readonly nextSession: Buffer;
  /** The count of guesses to forget. */
  readonly failures: Buffer;
}

/**
 * Replaces the password and the session's secret, and ends everything else that could open the
 * cabinet. Gives what is wrong when the password was changed in the meantime, or the strong step is
 * gone beside which it would be long enough.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function writeNewPassword(
  database: Database,
  { holderId, sessionHash, requestId }: Omit<PasswordActor, 'iin'>,
  { former, nextSession, failures, ...password }: NewPassword,
): Promise<'changed' | Extract<PasswordOutcome, { kind: 'invalid' }>> {
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, { holderId, sessionHash });
    await refuseUnderMaintenance(transaction);
    if (!password.sufficesAlone && (await readStrongSteps(transaction, holderId)).count === 0)
      return { kind: 'invalid', errors: { password: 'passwordShort' } };
    const changed = await (former === undefined
      ? setFirstPassword(transaction, holderId, password)
      : replacePassword(transaction, holderId, former, password));
    if (!changed) return currentWrong;
    await endSessions(transaction, holderId, 'password-changed', sessionHash);
    await rotateSession(transaction, sessionHash, nextSession);
    await endCodes(transaction, holderId);
    await endAccountRequests(transaction, holderId);
    await forgetFailures(transaction, [failures]);
    await recordEvent(transaction, { holderId, kind: 'password-changed', requestId });
    await notifyHolder(transaction, holderId, 'password-changed');
    return 'changed';
  });
}
