import { parsePostcode } from '../../values/postcode.ts';
import { cleanText } from './fold.ts';
import { onCyrillicLayout } from './keyboard-layout.ts';
import { postcodeSeemsElsewhere } from './postcode-region.ts';
import type { AddressOrigin, AddressPart, AddressSource, EmbeddedSource, FoundAddress } from './source.ts';
import { addressLanguage } from './wording.ts';

/** One line that a person can choose. `/api/addresses` answers with these. */
export interface Suggestion {
  /** The line for the form, in Cyrillic. */
  readonly text: string;
  /** The postcode to fill in, or null when it is not known. */
  readonly postcode: string | null;
  readonly source: AddressOrigin;
  /** The source's id of the address. */
  readonly id: string;
}

/** The answer to a part of an address. */
export interface Suggestions {
  readonly suggestions: readonly Suggestion[];
  /**
   * True when Kazpost should have answered and did not. The lines then come from the embedded data.
   */
  readonly degraded: boolean;
  /**
   * Set when the text is a known place with something behind it that no source knows, such as a
   * street. As a line to choose it would look as if it were known.
   */
  readonly writeOn?: true;
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

/** Kinds of place whose name alone is enough to locate them. */
const locatedByName = ['region', 'repcity', 'city'];

/** Where suggestions come from. */
export interface AddressSources {
  /** Always present. */
  readonly embedded: EmbeddedSource;
  /** Asked first when the operator has configured it. */
  readonly kazpost?: AddressSource;
}

/** Maximum number of lines in one answer. */
const mostSuggestions = 10;
/**
 * Kazpost is asked from this number of characters on. Shorter texts are answered from the embedded
 * data.
 */
const leastForKazpost = 3;

/**
 * Suggests addresses for a part of a line or for a postcode, best first, at most 10. The language
 * is the page's (`kk` or `ru`). Every other language gets Kazakh, because the form accepts Cyrillic
 * only. It never refuses: when Kazpost is down or slow, the embedded data answer and `degraded` is
 * true. `query` is anything that a person may type or a script may send. Text typed on the Latin
 * layout by mistake (`fkvfns`) is also searched on the Cyrillic layout, and those lines follow what
 * the Latin letters find.
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
    ...(typed.writeOn || other.writeOn ? { writeOn: true } : {}),
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
  const found = answer.ok ? answer.value : [];
  const isEcho = (address: FoundAddress) =>
    address.parts.at(-1)?.kind === 'typed' && isLine(address.text, text);
  return {
    suggestions: lines(
      found.filter((address) => !isEcho(address)),
      pageLanguage,
    ),
    degraded,
    ...(found.some(isEcho) ? { writeOn: true } : {}),
  };
}

/**
 * Decides what to store with a line that is being saved. If a source knows an address by exactly
 * this line, that address is stored with its id and parts. Otherwise the person typed or changed
 * the line, and it is stored "as entered". What the browser says about the source is not trusted.
 * Kazpost's answers of the last day are cached, so this seldom asks Kazpost again.
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
    // A save waits at most once for a service that does not answer.
    if (!answer.ok) break;
    const known = same(answer.value);
    if (known !== undefined) return stored(known);
  }
  const known = same(await embedded.byLine(line));
  return known === undefined ? { source: 'as-entered' } : stored(known);
}

/**
 * True when the postcode seems to belong to another region than the line. This is a hint, never an
 * error.
 */
export async function seemsElsewhere(
  { embedded }: AddressSources,
  line: string,
  postcode: string,
): Promise<boolean> {
  const index = parsePostcode(postcode);
  if (!index.ok) return false;
  // The largest level is enough, because the line begins with the region or the city. A village
  // decides nothing: many share a name.
  const found = await embedded.byText(line.split(',')[0] ?? '');
  const levels = found.ok ? (found.value[0]?.parts ?? []) : [];
  const kato = Number(levels[0]?.id);
  return (
    locatedByName.includes(levels.at(-1)?.kind ?? '') &&
    Number.isInteger(kato) &&
    postcodeSeemsElsewhere(index.value, kato)
  );
}

function stored({ origin, id, parts, postcode }: FoundAddress): StoredAddress {
  return { source: origin, id, parts, postcode };
}

/**
 * Whether the line is exactly the source's, capital letters aside. What is stored must be exact, so
 * no spelling is forgiven here.
 */
function isLine(text: FoundAddress['text'], line: string): boolean {
  const plain = cleanText(line).toLowerCase();
  return plain === text.kk.toLowerCase() || plain === text.ru.toLowerCase();
}

/** The lines in one language, without duplicates. */
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
