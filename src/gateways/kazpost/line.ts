import { cleanText } from '../../features/addresses/fold.ts';
import type { AddressPart, InBoth } from '../../features/addresses/source.ts';
import type { AddressLanguage } from '../../features/addresses/wording.ts';

/** A level of an address from the classic service. Its ids are checked, its names are not. */
export interface RawPart {
  readonly id: string;
  readonly nameKaz?: string | null | undefined;
  readonly nameRus?: string | null | undefined;
  readonly type?: RawType | null | undefined;
}

export interface RawType {
  readonly id: string;
  readonly nameKaz?: string | null | undefined;
  readonly nameRus?: string | null | undefined;
}

/** Gives the current name of a town that Kazpost still lists under a former one. */
export type PresentName = (name: string, language: AddressLanguage) => string;

/** Our kinds for Kazpost's type codes. The codes come from Kazpost's own answers. */
const kinds: ReadonlyMap<string, string> = new Map([
  ['A1', 'village'],
  ['A5', 'district'],
  ['A6', 'city'],
  ['A7', 'region'],
  ['A8', 'citydistrict'],
  ['A9', 'repcity'],
  ['A10', 'country'],
]);

/** Types whose own name is not what people write in an address. */
const spoken: ReadonlyMap<string, InBoth> = new Map([
  ['A6', { kk: 'қаласы', ru: 'город' }],
  ['A7', { kk: 'облысы', ru: 'область' }],
  ['A8', { kk: 'ауданы', ru: 'район' }],
  ['A9', { kk: 'қаласы', ru: 'город' }],
]);

/** The longest name of a level, in characters. */
const longestName = 80;

/**
 * The levels of an address in full words and both languages, largest first, without the country.
 * Kazpost gives them smallest first. A level that is named in one language only has that name in
 * both. Control and direction characters are removed from names. A level without a name is dropped.
 */
export function levelsOf(parts: readonly RawPart[], presentName: PresentName): AddressPart[] {
  return [...parts].reverse().flatMap((part): AddressPart[] => {
    const type = part.type?.id ?? '';
    const kind = kinds.get(type);
    if (kind === 'country') return [];
    const kk = cleanText(part.nameKaz ?? '', longestName) || cleanText(part.nameRus ?? '', longestName);
    const ru = cleanText(part.nameRus ?? '', longestName) || cleanText(part.nameKaz ?? '', longestName);
    if (kk === '' || ru === '') return [];
    const town = kind === 'city' || kind === 'repcity';
    const name = town ? { kk: presentName(kk, 'kk'), ru: presentName(ru, 'ru') } : { kk, ru };
    const words = typeWords(part.type);
    return [
      {
        kind: kind ?? (type.startsWith('G') ? 'street' : type.startsWith('A') ? 'village' : 'other'),
        id: part.id,
        text: { kk: joined(name.kk, words.kk), ru: russian(name.ru, words.ru) },
      },
    ];
  });
}

/** The house in full words: "3/1 үй", "дом 3/1", with the block if there is one. */
export function houseOf(
  number: string,
  type: RawType | null | undefined,
  block: { readonly type: string; readonly number: string } | undefined,
): InBoth | undefined {
  const plain = cleanText(number, 20);
  if (plain === '') return undefined;
  const words = type === null || type === undefined ? { kk: 'үй', ru: 'дом' } : typeWords(type);
  const blockWords = block === undefined ? '' : cleanText(block.type, 20).toLowerCase();
  const blockNumber = block === undefined ? '' : cleanText(block.number, 20);
  const behind = blockNumber === '' ? '' : `, ${blockWords} ${blockNumber}`.replace(/ {2,}/g, ' ');
  return { kk: `${joined(plain, words.kk)}${behind}`, ru: `${`${words.ru} ${plain}`.trim()}${behind}` };
}

function typeWords(type: RawType | null | undefined): InBoth {
  const usual = spoken.get(type?.id ?? '');
  if (usual !== undefined) return usual;
  return {
    kk: cleanText(type?.nameKaz ?? '', longestName).toLowerCase(),
    ru: cleanText(type?.nameRus ?? '', longestName).toLowerCase(),
  };
}

function joined(name: string, word: string): string {
  return name.toLowerCase().endsWith(word) ? name : `${name} ${word}`.trim();
}

/**
 * In Russian the kind follows an adjective ("Бостандыкский район") and precedes a noun ("район
 * Есиль").
 */
function russian(name: string, word: string): string {
  if (word === '' || name.toLowerCase().includes(word)) return name;
  const adjective =
    /(?:ский|цкий|ная|ская|цкая)$/i.test(name) && /^(?:район|область|сельский округ)$/.test(word);
  return adjective ? `${name} ${word}` : `${word} ${name}`;
}

/** Cleans a line that came as a whole: removes the country, and replaces a town's former name. */
export function wholeLine(text: string, language: AddressLanguage, presentName: PresentName): string {
  return cleanText(text, 200)
    .replace(/^(?:Республика Казахстан|Қазақстан Республикасы|Казахстан|Қазақстан)[\s,]+/iu, '')
    .split(/,\s*/)
    .map((level) => {
      const [, before = '', name = '', behind = ''] =
        /^(г\.\s*|город\s+)?(.*?)(\s+қаласы|\s+қ\.)?$/iu.exec(level) ?? [];
      return before === '' && behind === '' ? level : `${before}${presentName(name, language)}${behind}`;
    })
    .filter((level) => level !== '')
    .join(', ');
}
