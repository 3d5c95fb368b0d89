import { parsePostcode } from '../../values/postcode.ts';
import { cleanText } from './fold.ts';
import { onCyrillicLayout } from './keyboard-layout.ts';
import { postcodeSeemsElsewhere } from './postcode-region.ts';
import type { AddressOrigin, AddressPart, AddressSource, FoundAddress } from './source.ts';
import { addressLanguage } from './wording.ts';

/** One line a person can choose: what `/api/addresses` answers with. */
export interface Suggestion {
  /** The line for the form, Cyrillic. */
  readonly text: string;
  /** The postal index to fill in, or null where it is not known. */
  readonly postcode: string | null;
  readonly source: AddressOrigin;
  /** The source's id of the address. */
  readonly id: string;
}

/** The answer to a piece of an address. */
export interface Suggestions {
  readonly suggestions: readonly Suggestion[];
  /** True when Kazpost was meant to answer and did not: the lines come from the embedded data. */
  readonly degraded: boolean;
}

/** An address as it is stored beside its line. */
export type StoredAddress =
  | {
      readonly source: AddressOrigin;
      readonly id: string;
      readonly parts: readonly AddressPart[];
      readonly postcode: string | null;
    }
  | { readonly source: 'as-entered' };

/** Kinds of a place whose name alone says where it is. */
const wide = ['region', 'repcity', 'city'];

/** Where suggestions come from. */
export interface AddressSources {
  /** Always there. */
  readonly embedded: AddressSource;
  /** Asked first when the operator has configured it. */
  readonly kazpost?: AddressSource;
}

/** Most lines in one answer. */
export const mostSuggestions = 10;
/**
 * Kazpost is asked from so many characters on; shorter pieces are answered from the embedded data.
 */
const leastForKazpost = 3;

/**
 * Suggests addresses for a piece of a line or for a postal index, in the page's language (`kk`,
 * `ru`; Kazakh for any other, since the form takes Cyrillic only), best first, at most 10. Never
 * refuses: with Kazpost down or slow the embedded data answer and `degraded` is true. `query` is
 * anything a person may type or a script may send; what was typed on the Latin layout by mistake
 * (`fkvfns`) is looked for on the Cyrillic one too, behind what the Latin letters find.
 */
export async function suggestAddresses(
  sources: AddressSources,
  query: string,
  pageLanguage: string,
): Promise<Suggestions> {
  const text = cleanText(query);
  const typed = await find(sources, text, pageLanguage);
  const meant = parsePostcode(text).ok ? undefined : onCyrillicLayout(text);
  if (meant === undefined || typed.suggestions.some(({ source }) => source === 'kazpost')) return typed;
  const other = await find(sources, meant, pageLanguage);
  const known = new Set(typed.suggestions.map(({ text: line }) => line));
  return {
    suggestions: [
      ...typed.suggestions.slice(0, mostSuggestions / 2),
      ...other.suggestions.filter(({ text: line }) => !known.has(line)),
      ...typed.suggestions.slice(mostSuggestions / 2),
    ].slice(0, mostSuggestions),
    degraded: typed.degraded || other.degraded,
  };
}

async function find(
  { embedded, kazpost }: AddressSources,
  text: string,
  pageLanguage: string,
): Promise<Suggestions> {
  if (text === '') return { suggestions: [], degraded: false };
  const index = parsePostcode(text);
  const ask = (source: AddressSource) => (index.ok ? source.byPostcode(index.value) : source.byText(text));
  let degraded = false;
  if (kazpost !== undefined && text.length >= leastForKazpost) {
    const answer = await ask(kazpost);
    if (answer.ok && answer.value.length > 0)
      return { suggestions: lines(answer.value, pageLanguage), degraded };
    degraded = !answer.ok;
  }
  const answer = await ask(embedded);
  return { suggestions: answer.ok ? lines(answer.value, pageLanguage) : [], degraded };
}

/**
 * What to store with a line that is being saved: the address a source knows by exactly this line,
 * with its id and parts, or "as entered" when the person typed or changed it. Nothing the browser
 * says of the source is trusted; Kazpost's answers of the last day come from the cache, so this
 * seldom asks it anew.
 */
export async function recogniseAddress(
  { embedded, kazpost }: AddressSources,
  line: string,
  postcode: string | null,
): Promise<StoredAddress> {
  const index = postcode === null ? undefined : parsePostcode(postcode);
  const same = (found: readonly FoundAddress[]) => found.find(({ text }) => isLine(text, line));
  const questions =
    kazpost === undefined
      ? []
      : [...(index?.ok ? [() => kazpost.byPostcode(index.value)] : []), () => kazpost.byText(line)];
  for (const question of questions) {
    const answer = await question();
    // A save waits for a service that does not answer once at most.
    if (!answer.ok) break;
    const known = same(answer.value);
    if (known !== undefined) return stored(known);
  }
  const answer = await embedded.byText(line);
  const known = answer.ok ? same(answer.value) : undefined;
  if (known !== undefined) return stored(known);
  return { source: 'as-entered' };
}

/** True when the index seems to belong to another region than the line: a hint, never an error. */
export async function seemsElsewhere(
  { embedded }: AddressSources,
  line: string,
  postcode: string,
): Promise<boolean> {
  const index = parsePostcode(postcode);
  if (!index.ok) return false;
  // The largest level is enough: the line begins with the region or the city. A village tells
  // nothing: many share a name.
  const found = await embedded.byText(line.split(',')[0] ?? '');
  const levels = found.ok ? (found.value[0]?.parts ?? []) : [];
  const kato = Number(levels[0]?.id);
  return (
    wide.includes(levels.at(-1)?.kind ?? '') &&
    Number.isInteger(kato) &&
    postcodeSeemsElsewhere(index.value, kato)
  );
}

function stored({ origin, id, parts, postcode }: FoundAddress): StoredAddress {
  return { source: origin, id, parts, postcode };
}

/** The source's own letters, capitals apart: a record is not the place to forgive. */
function isLine(text: FoundAddress['text'], line: string): boolean {
  const plain = cleanText(line).toLowerCase();
  return plain === text.kk.toLowerCase() || plain === text.ru.toLowerCase();
}

/** Lines of a language, each once. */
function lines(found: readonly FoundAddress[], pageLanguage: string): Suggestion[] {
  const language = addressLanguage(pageLanguage);
  const known = new Set<string>();
  const suggestions: Suggestion[] = [];
  for (const { text, postcode, origin, id } of found) {
    const line = text[language];
    const key = `${line}\n${postcode ?? ''}`;
    if (known.has(key) || suggestions.length === mostSuggestions) continue;
    known.add(key);
    suggestions.push({ text: line, postcode, source: origin, id });
  }
  return suggestions;
}
