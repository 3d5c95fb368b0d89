import { type Keys, randomToken, tokenHash } from '../../keys.ts';
import { accepted, type Result, refused } from '../../result.ts';
import type { Iin } from './iin.ts';
import type { FailureLimit, HolderDirectory, PasswordHasher, SessionLimits, SignInStore } from './ports.ts';

export interface SignInParts {
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
  /** The secret of the device cookie, if the browser has one. */
  readonly device: string | undefined;
  /** The secret of the session cookie, if the browser has one. */
  readonly formerToken: string | undefined;
  readonly network: string;
  readonly userAgent: string;
  readonly requestId: string;
}

/** A session just opened: the secrets go into cookies and nowhere else. */
export interface SignedIn {
  readonly token: string;
  readonly device: string;
  /** How many older sessions ended to make room. */
  readonly replaced: number;
}

/** `detail` of `limited` is the wait in minutes. */
export type SignInRefusal = 'failed' | 'limited' | 'busy' | 'fundDown';

/** Longer passwords are refused before any work is done (OWASP Password Storage: a long one must not cost more). */
export const maxPasswordBytes = 512;

/**
 * Signs in by IIN and password. Unknown people, wrong passwords, blocked and deceased people get the same answer after
 * the same work: two counts, one look-up, one hash, one record.
 */
export async function signIn(
  parts: SignInParts,
  attempt: SignInAttempt,
): Promise<Result<SignedIn, SignInRefusal>> {
  const { store, hasher, directory, keys, limits } = parts;
  if (hasher.saturated) return refused('busy');

  const pair = limitOf(
    keys,
    [attempt.iin, attempt.network],
    limits.signInFreeFailures,
    limits.signInMaxDelayMinutes,
  );
  const here = await store.attempt(pair);
  if (!here.allowed) return refused('limited', minutes(here.waitSeconds));

  const deviceHash = attempt.device === undefined ? undefined : tokenHash(attempt.device);
  const { credential, knownDevice } = await store.findCredential(attempt.iin, deviceHash);

  // The larger step for an IIN tried from many networks: the owner's own device is let past it, so nobody can lock them out.
  const anywhere = limitOf(keys, [attempt.iin], limits.signInIinFailures, limits.signInMaxDelayMinutes);
  const everywhere = await store.attempt(anywhere);
  if (!everywhere.allowed && !knownDevice) return refused('limited', minutes(everywhere.waitSeconds));

  const tooLong = Buffer.byteLength(attempt.password) > maxPasswordBytes;
  const password = tooLong ? '' : attempt.password.normalize('NFC');
  const right = (await hasher.verify(credential?.passwordHash, password)) && !tooLong;
  const person = right ? await directory.find(attempt.iin) : undefined;
  // Told only to who gave the right password; whether the person may come in is not known, so they may not.
  if (person === 'unavailable') return refused('fundDown');
  if (!credential || person?.status !== 'active') {
    await store.recordFailure(attempt.iin, attempt.requestId);
    return refused('failed');
  }

  const token = randomToken();
  const device = attempt.device ?? randomToken();
  const { replaced } = await store.openSession({
    hash: tokenHash(token),
    holderId: credential.holderId,
    method: 'password',
    shortName: shortName(person),
    device: deviceName(attempt.userAgent),
    deviceHash: tokenHash(device),
    requestId: attempt.requestId,
    sessionsPerPerson: limits.sessionsPerPerson,
    limits,
    forget: [pair.key, anywhere.key],
    formerSession: attempt.formerToken === undefined ? undefined : tokenHash(attempt.formerToken),
  });
  if (hasher.outdated(credential.passwordHash)) {
    await store.upgradeHash(credential.holderId, credential.passwordHash, await hasher.hash(password));
  }
  return accepted({ token, device, replaced });
}

/** `Айгерім Сапарова` becomes `Айгерім С.` */
export function shortName({ surname, name }: { surname: string; name: string }): string {
  const initial = [...surname][0];
  return initial === undefined ? name : `${name} ${initial.toUpperCase()}.`;
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

function failureKey(keys: Keys, tried: readonly string[]): Buffer {
  return keys.sign('sign-in failures', tried.join(' '));
}

function limitOf(keys: Keys, tried: readonly string[], free: number, maxMinutes: number): FailureLimit {
  return { key: failureKey(keys, tried), free, maxMinutes };
}

function minutes(seconds: number): string {
  return String(Math.max(1, Math.ceil(seconds / 60)));
}
