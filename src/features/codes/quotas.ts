import type { Keys } from '../../platform/keys.ts';
import type { Quota } from './quota-store.ts';
import type { CodeSettings } from './settings.ts';

/** Who asks for a code, as far as it is certain. */
export type CodeSender =
  /** Anybody who knows an IIN and a contact. */
  | 'anybody'
  /** A browser in which the person named has signed in before. */
  | 'known-device'
  /** The signed-in holder, sending to one of their contacts on file. */
  | 'holder'
  /** A signed-in holder, sending to a value that they say is theirs. */
  | 'holder-new-value';

/**
 * The quotas that sending one code uses: of the person (by holder's id), of the value, and of
 * everybody. Each kind of sender has its own quotas. Three requests of a stranger therefore stop
 * neither the owner's device nor the signed-in owner. What holders send to their own contact counts
 * for that holder alone, because somebody who claims the same number must not use it up.
 */
export function sendingQuotas(
  keys: Keys,
  limits: CodeSettings,
  { person, value: contact, sender }: { person: string; value: string; sender: CodeSender },
): Quota[] {
  const own = sender === 'known-device' || sender === 'holder' ? `${person} ` : '';
  const value = `${own}${contact}`;
  const key = (kind: string, of: string) =>
    keys.sign('allowance', sender === 'anybody' ? `${kind} ${of}` : `${sender} ${kind} ${of}`);
  return [
    { key: key('person quarter', person), most: limits.perQuarterHour, minutes: 15 },
    { key: key('person day', person), most: limits.perDay, minutes: 24 * 60 },
    { key: key('value quarter', value), most: limits.perQuarterHour, minutes: 15 },
    { key: key('value day', value), most: limits.perDay, minutes: 24 * 60 },
    { key: keys.sign('allowance', 'all '), most: limits.perHour, minutes: 60 },
  ];
}

/**
 * The quotas that notifying a person of a proposed change uses, as many as for codes. Proposals
 * cost nothing, and whoever makes them in a stolen session must not flood the person with messages.
 */
export function noticeQuotas(keys: Keys, limits: CodeSettings, person: string): Quota[] {
  const key = (kind: string) => keys.sign('allowance', `${kind} ${person}`);
  return [
    { key: key('told quarter'), most: limits.perQuarterHour, minutes: 15 },
    { key: key('told day'), most: limits.perDay, minutes: 24 * 60 },
  ];
}

/**
 * The quota that an account request uses. It is separate from sending, because a stranger who asks
 * in vain must not use up the codes of the person named.
 */
export function requestQuota(keys: Keys, limits: CodeSettings, network: string): Quota {
  return { key: keys.sign('allowance', `asking ${network}`), most: limits.perNetworkHour, minutes: 60 };
}

/**
 * The quota that an account request from the person's own device uses once the quota of the network
 * is used up. Nobody else can use it up.
 */
export function deviceQuota(keys: Keys, limits: CodeSettings, iin: string): Quota {
  return {
    key: keys.sign('allowance', `asking device ${iin}`),
    most: limits.perNetworkHour,
    minutes: 60,
  };
}
