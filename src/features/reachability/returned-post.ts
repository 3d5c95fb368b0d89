import type { Database } from '../../platform/postgres/database.ts';
import { parseIin } from '../../values/iin.ts';
import { isIsoDay } from '../../values/time-zone.ts';
import { markReturned, type ReturnedLetter } from './returned-store.ts';

/** What became of the lines of a file. */
export type ReturnedOutcome =
  | {
      readonly ok: true;
      readonly read: number;
      /** Addresses that are marked now and were not before. */
      readonly marked: number;
    }
  /** Numbers of the first bad lines, at most ten. Nothing was marked. */
  | { readonly ok: false; readonly problems: readonly { readonly line: number; readonly reason: string }[] };

/** Lines of one transaction. Another run marks what an interrupted one left. */
const portion = 1_000;
const problemsShown = 10;

/**
 * Marks the postal addresses of people whose letters came back. A line is an IIN, and after a comma
 * the day of the letter, if that is known: an address that was changed since is not marked. The
 * lines are read twice, so a bad one changes nothing. Marking twice changes nothing either.
 * @param open gives the lines from the first on; called twice
 */
export async function markReturnedPost(
  database: Database,
  open: () => AsyncIterable<string>,
): Promise<ReturnedOutcome> {
  const problems: { line: number; reason: string }[] = [];
  let line = 0;
  for await (const text of open()) {
    line += 1;
    const parsed = parseReturned(text, line);
    if (typeof parsed === 'string') problems.push({ line, reason: parsed });
    if (problems.length === problemsShown) break;
  }
  if (problems.length > 0) return { ok: false, problems };

  const counts = { read: 0, marked: 0 };
  const flush = async (letters: readonly ReturnedLetter[]) => {
    counts.read += letters.length;
    counts.marked += await markReturned(database, letters);
  };
  let letters: ReturnedLetter[] = [];
  line = 0;
  for await (const text of open()) {
    line += 1;
    const parsed = parseReturned(text, line);
    if (parsed === undefined || typeof parsed === 'string') continue;
    letters.push(parsed);
    if (letters.length < portion) continue;
    await flush(letters);
    letters = [];
  }
  await flush(letters);
  return { ok: true, ...counts };
}

/** The letter of a line, undefined for an empty one, or what is wrong with it. */
function parseReturned(text: string, line: number): ReturnedLetter | string | undefined {
  const bare = (line === 1 ? text.replace(/^\ufeff/, '') : text).trim();
  if (bare === '') return undefined;
  const [first = '', day, ...more] = bare.split(',').map((part) => part.trim());
  if (more.length > 0) return 'more than an IIN and a day';
  const iin = parseIin(first);
  if (!iin.ok || iin.value !== first) return 'not an IIN';
  if (day !== undefined && !(/^(19|20)/.test(day) && isIsoDay(day))) return 'not a day such as 2026-11-30';
  return { iin: iin.value, sentOn: day ?? null };
}
