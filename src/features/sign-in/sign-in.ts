import { type Keys, randomToken, tokenHash } from '../../platform/keys.ts';
import { displayed } from '../../values/displayed.ts';
import type { Iin } from '../../values/iin.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { PasswordHasher } from '../passwords/ports.ts';
import { issueMark, readMarks } from './device-marks.ts';
import type { FailureLimit, HolderDirectory, SessionLimits, SignInStore } from './ports.ts';

export interface SignInDeps {
  readonly store: SignInStore;
  readonly hasher: PasswordHasher;
  readonly directory: HolderDirectory;
  readonly keys: Keys;
  readonly limits: SessionLimits & {
    readonly signInFreeFailures: number;
    readonly signInMaxDelayMinutes: number;
    readonly signInIinFailures: number;
    readonly sessionsPerPerson: number;
  };
}

export interface SignInAttempt {
  readonly iin: Iin;
  readonly password: string;
  /** The device cookie, if the browser has one. */
  readonly device: string | undefined;
  /** The secret of the session cookie, if the browser has one. */
  readonly formerToken: string | undefined;
  readonly network: string;
  readonly userAgent: string;
  readonly requestId: string;
}

/** A session just opened: the secrets go into cookies and nowhere else. */
export interface OpenedSession {
  readonly token: string;
  readonly device: string;
  /** How many older sessions ended to make room. */
  readonly replaced: number;
}

/** `detail` of `limited` and of `limitedHere` (this network, for this IIN) is the wait in minutes. */
export type SignInRefusal = 'failed' | 'limited' | 'limitedHere' | 'busy' | 'fundDown' | 'statusUnknown';

/** Longer passwords are refused before any work is done (OWASP Password Storage: a long one must not cost more). */
export const maxPasswordBytes = 512;

/**
 * Signs in by IIN and password. Unknown people, wrong passwords, blocked and deceased people get the same answer after
 * the same work: one look-up, two counts, one hash, one record. A device that this person has signed in with before is
 * counted by itself alone: nothing that others do stops it, and it gives whoever holds it no more tries than anybody.
 */
export async function signIn(
  parts: SignInDeps,
  attempt: SignInAttempt,
): Promise<Result<OpenedSession, SignInRefusal>> {
  const { store, hasher, directory, keys, limits } = parts;
  if (hasher.saturated) return refused('busy');

  const marks = readMarks(attempt.device);
  const { credential, knownDevice } = await store.findCredential(attempt.iin, marks.hashes);
  const counts = countsOf(keys, limits, attempt, knownDevice);
  for (const { told, limit } of counts) {
    const counted = await store.attempt(limit);
    if (!counted.allowed) return refused(told, minutes(counted.waitSeconds));
  }

  const tooLong = Buffer.byteLength(attempt.password) > maxPasswordBytes;
  const password = tooLong ? '' : attempt.password.normalize('NFC');
  const right = (await hasher.verify(credential?.passwordHash, password)) && !tooLong;
  const person = right ? await directory.find(attempt.iin) : undefined;
  // Told only to who gave the right password; whether the person may come in is not known, so they may not.
  if (person === 'unavailable') return refused('fundDown');
  if (credential && person?.status === 'other') return refused('statusUnknown');
  if (!credential || person?.status !== 'active') {
    await store.recordFailure(attempt.iin, attempt.requestId);
    return refused('failed');
  }

  const token = randomToken();
  const mark = issueMark();
  const { replaced, endedMarks } = await store.openSession({
    hash: tokenHash(token),
    holderId: credential.holderId,
    method: 'password',
    shortName: shortName(person),
    device: deviceName(attempt.userAgent),
    deviceHash: mark.hash,
    marks: marks.hashes,
    requestId: attempt.requestId,
    sessionsPerPerson: limits.sessionsPerPerson,
    limits,
    forget: counts.map(({ limit }) => limit.key),
    formerSession: attempt.formerToken === undefined ? undefined : tokenHash(attempt.formerToken),
  });
  if (hasher.outdated(credential.passwordHash)) {
    await store.upgradeHash(credential.holderId, credential.passwordHash, await hasher.hash(password));
  }
  return accepted({ token, device: marks.renewed(mark.token, endedMarks), replaced });
}

/** `Айгерім Сапарова` becomes `Айгерім С.` */
export function shortName({ surname, name }: { surname: string; name: string }): string {
  const [family, given] = [displayed(surname), displayed(name)];
  // Some people have one name, and the fund keeps it in either place.
  if (given === '') return family || '—';
  const initial = [...family][0];
  return initial === undefined ? given : `${given} ${initial.toUpperCase()}.`;
}

/** The browser and system out of a User-Agent, in a few words a person recognises: `Chrome · Android`. */
export function deviceName(userAgent: string): string {
  const browsers: readonly [RegExp, string][] = [
    [/\bEdgA?\//, 'Edge'],
    [/\bOPR\//, 'Opera'],
    [/\bYaBrowser\//, 'Yandex'],
    [/\bSamsungBrowser\//, 'Samsung Internet'],
    [/\bFirefox\//, 'Firefox'],
    [/Chrome\//, 'Chrome'],
    [/\bSafari\//, 'Safari'],
  ];
  const systems: readonly [RegExp, string][] = [
    [/\bAndroid\b/, 'Android'],
    [/\biPhone\b|\biPad\b/, 'iOS'],
    [/\bWindows\b/, 'Windows'],
    [/\bMac OS X\b/, 'macOS'],
    [/\bLinux\b/, 'Linux'],
  ];
  const first = (known: readonly [RegExp, string][]) =>
    known.find(([pattern]) => pattern.test(userAgent))?.[1];
  return [first(browsers), first(systems)].filter((part) => part !== undefined).join(' · ') || '—';
}

/** The counts of failed sign-ins that end with a right password, or a new one: of the IIN from this network, and of the IIN. */
export function failureKeys(keys: Keys, iin: string, network: string): Buffer[] {
  return [failureKey(keys, [iin, network]), failureKey(keys, [iin])];
}

/** What an attempt is counted by, and what is told when that is used up. */
function countsOf(
  keys: Keys,
  limits: SignInDeps['limits'],
  { iin, network }: SignInAttempt,
  knownDevice: Buffer | undefined,
): readonly { readonly told: 'limited' | 'limitedHere'; readonly limit: FailureLimit }[] {
  const { signInFreeFailures: few, signInIinFailures: many, signInMaxDelayMinutes: maxMinutes } = limits;
  const limit = (tried: readonly string[], free: number) => ({
    key: failureKey(keys, tried),
    free,
    maxMinutes,
  });
  if (knownDevice) {
    return [{ told: 'limited', limit: limit([iin, 'device', knownDevice.toString('hex')], few) }];
  }
  return [
    { told: 'limitedHere', limit: limit([iin, network], few) },
    { told: 'limited', limit: limit([iin], many) },
  ];
}

function failureKey(keys: Keys, tried: readonly string[]): Buffer {
  return keys.sign('sign-in failures', tried.join(' '));
}

function minutes(seconds: number): string {
  return String(Math.max(1, Math.ceil(seconds / 60)));
}
