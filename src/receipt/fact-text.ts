import { timeZone } from '../values/time-zone.ts';
import type { Fact } from './judge.ts';

/** Facts that are moments, ISO 8601. */
const moments: ReadonlySet<string> = new Set(['madeAt', 'signedAt', 'trustedTime', 'until']);

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone,
  dateStyle: 'short',
  timeStyle: 'short',
});

/**
 * A fact as its term and its text. Node.js and every browser give the same, so a moment has only
 * digits and is in Astana's time.
 * @param words terms by the names of facts; known values by `name=value`; `astana` after a moment
 */
export function factText(
  { name, value, old }: Fact,
  words: Readonly<Record<string, string>>,
): readonly [term: string, text: string] {
  const shown = (one: string | null) => (one === null ? '—' : valueText(name, one, words));
  return [words[name] ?? name, old === undefined ? shown(value) : `${shown(old)} → ${shown(value)}`];
}

function valueText(name: string, value: string, words: Readonly<Record<string, string>>): string {
  if (moments.has(name))
    return `${parts.format(new Date(value)).replaceAll('/', '.')} (${words['astana'] ?? '+05:00'})`;
  // The type of a document is its first word, and its number follows.
  const [first = '', ...rest] = name === 'document' ? value.split(' ') : [value];
  return [words[`${name}=${first}`] ?? first, ...rest].join(' ');
}
