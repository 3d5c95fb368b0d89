import type { JSONWebKeySet } from 'jose';
import { accepted, type Result, refused } from '../values/result.ts';
import { dayAfter } from '../values/time-zone.ts';
import { fromHex, toHex } from './bytes.ts';
import { digestOfHead, openHead, type ReceiptHead } from './head.ts';
import { leafOf } from './leaf.ts';
import { rootByPath } from './path.ts';
import type { SealedContent } from './sealed-content.ts';

/** A published head with its signature. */
export interface PublishedHead extends ReceiptHead {
  readonly signed: string;
}

/**
 * Why published heads are not one history. `foreign`: none of the keys signed the head, or it was
 * altered. `gap`: a day is missing, or stands twice. `fork`: a head does not follow the one before.
 * The `detail` is the line, from 1.
 */
export type HeadsReason = 'foreign' | 'gap' | 'fork';

/**
 * Reads published heads, one JWS in each line, and checks that they are one history: day after day,
 * each naming the one before.
 */
export async function readHeads(
  text: string,
  keys: JSONWebKeySet,
): Promise<Result<readonly PublishedHead[], HeadsReason>> {
  const heads: PublishedHead[] = [];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const [at, line] of lines.entries()) {
    const signed = line.trim().split(/\s+/).at(-1) ?? '';
    const head = await openHead(signed, keys);
    const detail = String(at + 1);
    if (!head) return refused('foreign', detail);
    const former = heads.at(-1);
    if (former && head.day !== dayAfter(former.day)) return refused('gap', detail);
    if (former && head.previous !== (await digestOfHead(former.signed))) return refused('fork', detail);
    heads.push({ ...head, signed });
  }
  return accepted(heads);
}

/**
 * What the log says of a receipt. `promised`: its day was not closed when the file was made.
 * `included`: its own head proves it. `published`: a published head proves it.
 */
export type LogStanding = 'none' | 'promised' | 'included' | 'published';

/**
 * Why the log does not confirm a receipt. `notInTree`: its path does not lead to its head.
 * `foreign`: its head is not ours. `otherHead`: another head was published for its day, so somebody
 * keeps two histories. `cutOff`: the published heads end before its day, although its day is closed:
 * they are older than the file, or their end was cut off. `before`: they begin after its day.
 * `fetchAgain`: its day was published since, and only a new file can prove it.
 */
export type LogReason = 'notInTree' | 'foreign' | 'otherHead' | 'cutOff' | 'before' | 'fetchAgain';

/** Reasons that refute a receipt. The others leave open whether it is in the log. */
export const refuting: ReadonlySet<LogReason> = new Set(['notInTree', 'foreign', 'otherHead']);

/**
 * Proves a sealed receipt against the log.
 * @param content what the seal says; the caller has checked the seal
 * @param published heads that were published, as `readHeads` gives them; undefined where there are
 *   none
 */
export async function checkLog(
  content: SealedContent,
  keys: JSONWebKeySet,
  published?: readonly PublishedHead[],
): Promise<Result<LogStanding, LogReason>> {
  const { log } = content;
  const leaf = await leafOf(content);
  if (!log || !leaf) return accepted('none');
  const ofDay = published?.find(({ day }) => day === log.day);
  if (!log.proof) return ofDay ? refused('fetchAgain') : accepted('promised');
  const head = await openHead(log.proof.head, keys);
  if (!head || head.day !== log.day) return refused('foreign');
  const root = await rootByPath(leaf, log.proof.place, head.size, log.proof.path.map(fromHex));
  if (root === undefined || toHex(root) !== head.root) return refused('notInTree');
  if (!published) return accepted('included');
  if (!ofDay) return refused(log.day < (published[0]?.day ?? '') ? 'before' : 'cutOff');
  return ofDay.signed === log.proof.head || sameHead(ofDay, head)
    ? accepted('published')
    : refused('otherHead');
}

/** ECDSA signatures of one text differ. What they say counts. */
function sameHead(one: ReceiptHead, other: ReceiptHead): boolean {
  return one.root === other.root && one.size === other.size && one.previous === other.previous;
}

/**
 * Why two lists of published heads are not of one log. `fork`: they have different heads for a day,
 * which is the `detail`. `cutOff`: the later list ends before the earlier one.
 */
export type ListReason = 'fork' | 'cutOff';

/** Whether the later list goes on where the earlier one ended. Gives the number of days in both. */
export function continues(
  earlier: readonly PublishedHead[],
  later: readonly PublishedHead[],
): Result<number, ListReason> {
  const byDay = new Map(later.map((head) => [head.day, head]));
  const common = earlier.filter(({ day }) => byDay.has(day));
  const differs = common.find((head) => !sameHead(head, byDay.get(head.day) ?? head));
  if (differs) return refused('fork', differs.day);
  const [last, end] = [earlier.at(-1)?.day ?? '', later.at(-1)?.day ?? ''];
  return end < last ? refused('cutOff', end) : accepted(common.length);
}
