import type { Keys } from '../../platform/keys.ts';
import type { FailureLimit } from './failure-store.ts';
import type { SignInSettings } from './settings.ts';

/**
 * The counts that end with a right password, or a new one: of the IIN from this network, and of the
 * IIN.
 */
export function failureKeys(keys: Keys, iin: string, network: string): Buffer[] {
  return [failureKey(keys, [iin, network]), failureKey(keys, [iin])];
}

/**
 * The limits of an attempt, and the refusal when they are used up. A device in which this person
 * has signed in before has only its own limit. Nothing that others do can block it, and its holder
 * gets no more tries than anybody else.
 */
export function failureLimits(
  keys: Keys,
  settings: SignInSettings,
  { iin, network }: { readonly iin: string; readonly network: string },
  knownDevice: Buffer | undefined,
): readonly { readonly refusal: 'limited' | 'limitedHere'; readonly limit: FailureLimit }[] {
  const { freeFailures: few, iinFailures: many, maxDelayMinutes: maxMinutes } = settings;
  const limit = (tried: readonly string[], free: number) => ({
    key: failureKey(keys, tried),
    free,
    maxMinutes,
  });
  if (knownDevice) {
    return [{ refusal: 'limited', limit: limit([iin, 'device', knownDevice.toString('hex')], few) }];
  }
  return [
    { refusal: 'limitedHere', limit: limit([iin, network], few) },
    { refusal: 'limited', limit: limit([iin], many) },
  ];
}

/** The wait as people read it: whole minutes, at least one. */
export function waitMinutes(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}

function failureKey(keys: Keys, tried: readonly string[]): Buffer {
  return keys.sign('sign-in failures', tried.join(' '));
}
