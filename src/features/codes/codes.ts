import { type Keys, sameBytes } from '../../platform/keys.ts';
import { type Result, refused } from '../../values/result.ts';
import type { Channel, CodePurpose } from '../notices/ports.ts';
import type { CodeStore, IssuedCode, Quota, QuotaStore } from './ports.ts';

/** How a code of a purpose looks: digits to confirm, a long one where it opens an account. */
const forms = {
  register: 'long',
  recover: 'long',
  'prove-new': 'digits',
  'confirm-current': 'digits',
} as const satisfies Record<CodePurpose, 'digits' | 'long'>;

/** How long codes live, minutes. */
export interface CodeTimes {
  readonly confirmationCodeMinutes: number;
  readonly entryCodeMinutes: number;
}

/** How long a code of this purpose lives, minutes. */
export function codeMinutes(times: CodeTimes, purpose: CodePurpose): number {
  return forms[purpose] === 'digits' ? times.confirmationCodeMinutes : times.entryCodeMinutes;
}

/** Tries of one code. */
export const maxTries = 5;

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * The code of an issued row: six digits, or eight Crockford characters (40 bits) where one guess would open an account.
 * Bound to person, purpose, exact value and change, so no code is good for anything but what it was sent for.
 */
export function codeOf(keys: Keys, issued: IssuedCode): string {
  const bytes = keys.sign('code', bindingOf(issued));
  if (forms[issued.purpose] === 'digits') {
    return String(bytes.readUIntBE(0, 6) % 1_000_000).padStart(6, '0');
  }
  return Array.from(bytes.subarray(0, 8), (byte) => crockford[byte % 32]).join('');
}

export type CodeReason = 'codeWrong' | 'codeOver';

/** Compares what was typed, by `readCode`, with an issued code: counted before it is compared, and used once. */
export async function consumeCode(
  { keys, store }: { keys: Keys; store: CodeStore },
  { codeId, holderId }: { codeId: string; holderId: string },
  meanings: readonly string[],
): Promise<Result<IssuedCode, CodeReason>> {
  const issued = await store.countAttempt(codeId, holderId, maxTries);
  if (!issued) {
    await store.countOutcome(undefined);
    return refused('codeOver');
  }
  const code = Buffer.from(codeOf(keys, issued));
  const right = meanings.some((one) => sameBytes(code, Buffer.from(one))) && (await store.consume(codeId));
  await store.countOutcome(right);
  return right ? { ok: true, value: issued } : refused('codeWrong');
}

/** How long codes live, and how many may be sent: every limit must allow a message. */
export interface CodeRules extends CodeTimes {
  readonly codesPerQuarterHour: number;
  readonly codesPerDay: number;
  readonly codesPerNetworkHour: number;
  readonly codesPerHour: number;
}

/** Who has a code sent, as far as it is certain. */
export type Sender =
  /** Anybody who knows an IIN and a contact. */
  | 'anybody'
  /** A browser in which the person named has signed in before. */
  | 'known-device'
  /** The signed-in holder, to a contact of theirs on file. */
  | 'holder'
  /** A signed-in holder, to a value they say is theirs. */
  | 'holder-new-value';

/**
 * What sending one code uses up: of the person (by holder's id), of the value, and of everybody. Each kind of sender has its own, so
 * that three posts of a stranger stop neither the owner's device nor the signed-in owner. What is sent to the holder's own contact by
 * themselves counts for that holder alone: somebody who claims the same number must not use it up.
 */
export function sendingQuotas(
  keys: Keys,
  limits: CodeRules,
  { person, value: contact, sender }: { person: string; value: string; sender: Sender },
): Quota[] {
  const own = sender === 'known-device' || sender === 'holder' ? `${person} ` : '';
  const value = `${own}${contact}`;
  const key = (kind: string, of: string) =>
    keys.sign('allowance', sender === 'anybody' ? `${kind} ${of}` : `${sender} ${kind} ${of}`);
  return [
    { key: key('person quarter', person), most: limits.codesPerQuarterHour, minutes: 15 },
    { key: key('person day', person), most: limits.codesPerDay, minutes: 24 * 60 },
    { key: key('value quarter', value), most: limits.codesPerQuarterHour, minutes: 15 },
    { key: key('value day', value), most: limits.codesPerDay, minutes: 24 * 60 },
    { key: keys.sign('allowance', 'all '), most: limits.codesPerHour, minutes: 60 },
  ];
}

/**
 * What telling a person of a proposed change uses up, as many as codes: proposals cost nothing, and whoever makes them at
 * a stolen session must not drown the person in messages.
 */
export function noticeQuotas(keys: Keys, limits: CodeRules, person: string): Quota[] {
  const key = (kind: string) => keys.sign('allowance', `${kind} ${person}`);
  return [
    { key: key('told quarter'), most: limits.codesPerQuarterHour, minutes: 15 },
    { key: key('told day'), most: limits.codesPerDay, minutes: 24 * 60 },
  ];
}

/**
 * What asking before sign-in uses up, apart from what sending does: a stranger who asks in vain must not use up the
 * codes of the person named.
 */
export function requestQuota(keys: Keys, limits: CodeRules, network: string): Quota {
  return { key: keys.sign('allowance', `asking ${network}`), most: limits.codesPerNetworkHour, minutes: 60 };
}

/** What asking from a device of the person's own uses up, once their network's is gone: nobody else can. */
export function deviceQuota(keys: Keys, limits: CodeRules, iin: string): Quota {
  return {
    key: keys.sign('allowance', `asking device ${iin}`),
    most: limits.codesPerNetworkHour,
    minutes: 60,
  };
}

/** Sends a code within the limits, or tells that they are used up. A code still alive is sent again as it is. */
export async function issueCode(
  { store, quotas, times }: { store: CodeStore; quotas: QuotaStore; times: CodeTimes },
  spent: readonly Quota[],
  code: {
    holderId: string;
    purpose: CodePurpose;
    channel: Channel;
    destination: string;
    changeId: string | null;
  },
): Promise<Result<IssuedCode, 'codeLimit'>> {
  if (!(await quotas.takeQuotas(spent))) return refused('codeLimit');
  return { ok: true, value: await store.issue(code, codeMinutes(times, code.purpose), maxTries) };
}

/**
 * Whether so many codes fail that somebody is guessing over the whole population: codes then cost work, EDS and known sessions are
 * not touched. Raises or ends the alert. `seconds` is how long it stays open if nobody guesses any more; 0 when it is not open.
 */
export async function isUnderAttack(
  store: CodeStore,
  /** Stays closed below `least` failures in ten minutes, whatever is normal. */
  { least, multiple }: { readonly least: number; readonly multiple: number },
): Promise<{ readonly open: boolean; readonly seconds: number }> {
  const { lastTenMinutes, normal, minutes } = await store.failures();
  const most = Math.max(least, multiple * normal);
  const open = lastTenMinutes > most;
  await store.alert('code-guessing', open, { lastTenMinutes });
  let failed = 0;
  for (const minute of minutes) {
    failed += minute.failed;
    if (failed > most) return { open, seconds: minute.leaves };
  }
  return { open, seconds: 0 };
}

function bindingOf({ codeId, holderId, purpose, channel, destination, changeId }: IssuedCode): string {
  return JSON.stringify([codeId, holderId, purpose, channel, destination, changeId]);
}
