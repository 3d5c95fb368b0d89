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
 * What an attempt is counted by, and the refusal once that is used up. A device that this person
 * has signed in with before is counted by itself alone: nothing that others do stops it, and it
 * gives whoever holds it no more tries than anybody.
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

/** The wait as people read it: whole minutes, one at least. */
export function waitMinutes(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}

function failureKey(keys: Keys, tried: readonly string[]): Buffer {
  return keys.sign('sign-in failures', tried.join(' '));
}
