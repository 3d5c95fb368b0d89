import type { Fund } from '../../fund/port.ts';
import { type Keys, randomToken, tokenHash } from '../../platform/keys.ts';
import type { Iin } from '../../values/iin.ts';
import type { CommonPasswords } from '../passwords/common-passwords.ts';
import { checkPassword, type PasswordReason } from '../passwords/password.ts';
import { personalData } from '../passwords/personal-data.ts';
import type { PasswordHasher } from '../passwords/ports.ts';
import type { RequisitesStore } from '../requisites/ports.ts';
import type { HolderDirectory, SessionLimits } from '../sign-in/ports.ts';
import { maxPasswordBytes } from '../sign-in/sign-in.ts';
import type { OpenSession, SecurityStore } from './ports.ts';

export interface SecurityDeps {
  readonly store: SecurityStore;
  readonly keys: Keys;
  readonly hasher: PasswordHasher;
  readonly common: CommonPasswords;
  readonly fund: Pick<Fund, 'read'>;
  readonly directory: HolderDirectory;
  readonly requisites: Pick<RequisitesStore, 'load'>;
  readonly limits: SessionLimits & {
    readonly contactWaitHours: number;
    readonly signInFreeFailures: number;
    readonly signInMaxDelayMinutes: number;
  };
}

/** Who changes the password, from which session. */
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

/** What is wrong with what was typed, by field; keys of the texts. */
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
  /** The fund no longer lets this person in. */
  | { readonly kind: 'not-active' };

/**
 * Replaces the password of a signed-in holder, who gives the current one; where none is set (they came by EDS), sets a first.
 * Guesses of the current one are delayed as at sign-in, so that a session left open gives nothing away.
 */
export async function changePassword(
  parts: SecurityDeps,
  actor: PasswordActor,
  typed: TypedPasswords,
): Promise<PasswordOutcome> {
  const { store, hasher, keys, limits } = parts;
  const former = await store.findPassword(actor.holderId);
  const about = await personalData(parts, actor.iin, actor.holderId);
  const checked = checkPassword(typed.password, about, parts.common);
  const current = typed.current.normalize('NFC');
  const errors: PasswordErrors = {
    ...(former !== undefined && current === '' ? { current: 'currentEmpty' } : {}),
    ...(checked.ok ? {} : { password: checked.reason }),
    ...(checked.ok && former !== undefined && checked.value === current ? { password: 'passwordSame' } : {}),
    ...(checked.ok && typed.again.normalize('NFC') !== checked.value ? { again: 'passwordsDiffer' } : {}),
  };
  if (!checked.ok || Object.keys(errors).length > 0) return { kind: 'invalid', errors };
  if (hasher.saturated) return { kind: 'busy' };

  const key = keys.sign('password check', actor.holderId);
  if (former !== undefined) {
    const attempt = await store.attempt({
      key,
      free: limits.signInFreeFailures,
      maxMinutes: limits.signInMaxDelayMinutes,
    });
    if (!attempt.allowed) {
      return { kind: 'limited', minutes: Math.max(1, Math.ceil(attempt.waitSeconds / 60)) };
    }
    const tooLong = Buffer.byteLength(current) > maxPasswordBytes;
    if (tooLong || !(await hasher.verify(former, current))) {
      return { kind: 'invalid', errors: { current: 'currentWrong' } };
    }
  }
  const person = await parts.directory.find(actor.iin as Iin);
  if (person !== 'unavailable' && person?.status !== 'active') return { kind: 'not-active' };
  const token = randomToken();
  const changed = await store.changePassword({
    holderId: actor.holderId,
    passwordHash: await hasher.hash(checked.value),
    former,
    keep: actor.sessionHash,
    next: tokenHash(token),
    requestId: actor.requestId,
    forget: [key],
  });
  return changed ? { kind: 'changed', token } : { kind: 'invalid', errors: { current: 'currentWrong' } };
}

/** A name for a session that says nothing of its cookie, not even to who has a dump of the database. */
export function sessionHandle(keys: Keys, { hash }: Pick<OpenSession, 'hash'>): string {
  return keys.sign('session name', hash.toString('hex')).subarray(0, 16).toString('base64url');
}
