import type { Keys } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { type Quota, quotaWait, takeQuotas } from '../codes/quota-store.ts';
import { lettersPlace } from './give-letters.ts';
import { lettersMacs, readLetters } from './letters.ts';
import { findLettered, type LetteredNotice } from './letters-store.ts';

export interface CompareDeps {
  readonly keys: Keys;
  readonly database: Queryable;
}

/** Who asks, as far as it is known. */
export interface Asker {
  /** The secret of the browser. Undefined for one that keeps no cookies. */
  readonly browser: string | undefined;
  readonly address: string;
  readonly network: string;
}

/** What the service wrote: a wording with the letters in their place. */
export type WrittenMessage = Omit<LetteredNotice, 'mac'>;

export type MessageComparison =
  /** None: no message has these letters. */
  | { readonly kind: 'messages'; readonly messages: readonly WrittenMessage[] }
  /** The typed text has no letters of this form. This is no question. */
  | { readonly kind: 'no-letters' }
  | { readonly kind: 'limited'; readonly seconds: number };

const perBrowserHour = 20;
const perNetworkHour = 300;
const mostShown = 20;

/**
 * What the service wrote with the letters that somebody typed. It never says that a message is
 * genuine: letters can be copied, so only the person can compare.
 */
export async function compareMessage(
  { keys, database }: CompareDeps,
  typed: string,
  asker: Asker,
): Promise<MessageComparison> {
  const readings = readLetters(typed).map((letters) => ({ letters, macs: lettersMacs(keys, letters) }));
  if (readings.length === 0) return { kind: 'no-letters' };
  const quotas = askingQuotas(keys, asker);
  if (!(await takeQuotas(database, quotas))) {
    return { kind: 'limited', seconds: Math.max(1, await quotaWait(database, quotas)) };
  }
  const macs = readings.flatMap((reading) => reading.macs);
  const found = await findLettered(database, macs, mostShown);
  const messages = found.map(({ mac, body, ...rest }) => {
    const reading = readings.find((one) => one.macs.some((other) => other.equals(mac)));
    return { ...rest, body: body.replace(lettersPlace, reading?.letters ?? lettersPlace) };
  });
  return { kind: 'messages', messages };
}

/**
 * A browser without cookies counts as one of its address, and new cookies do not evade the limit of
 * the network.
 */
function askingQuotas(keys: Keys, { browser, address, network }: Asker): readonly Quota[] {
  const key = (of: string) => keys.sign('allowance', `letters ${of}`);
  return [
    { key: key(browser ?? address), most: perBrowserHour, minutes: 60 },
    { key: key(network), most: perNetworkHour, minutes: 60 },
  ];
}
