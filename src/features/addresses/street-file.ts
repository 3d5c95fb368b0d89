import { parseAddress } from '../../values/address.ts';
import { parsePostcode } from '../../values/postcode.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { Places } from './places.ts';
import type { House, Street } from './street.ts';
import { type StreetKind, streetWording } from './wording.ts';

/** A street of a file, before it has an id. */
export type NewStreet = Omit<Street, 'id'>;

/** What is wrong with a file, in words for the operator: "line 7: no place 123456789". */
export type StreetFileProblem = 'streetFile';

const header = ['kato', 'kind', 'name_kk', 'name_ru', 'houses'];
const longestName = 100;
const longestHouse = 12;

/**
 * Reads an operator's file of streets: UTF-8 CSV with semicolons and the header
 * `kato;kind;name_kk;name_ru;houses`.
 *
 * - `kato`: code of a settlement in the classifier (not of a region, a district or a rural
 *   district);
 * - `kind`: street, avenue, boulevard, lane, passage, highway, square, quarter, microdistrict,
 *   estate or other;
 * - `name_kk`, `name_ru`: names in Cyrillic without the kind. An empty one takes the other's value;
 * - `houses`: numbers separated by `|`, each with `=INDEX` where known: `1|3/1=A25A2B8|5=050000`.
 *   May be empty.
 *
 * A field with a semicolon or a quotation mark is quoted as in RFC 4180. The first bad line refuses
 * the whole file. `detail` names the line and what is wrong with it.
 */
export function parseStreetFile(text: string, places: Places): Result<NewStreet[], StreetFileProblem> {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  if (cells(lines[0] ?? '').join(';') !== header.join(';')) {
    return refused('streetFile', `line 1: the header must be ${header.join(';')}`);
  }
  const streets: NewStreet[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const street = parseLine(cells(line), places);
    if (typeof street === 'string') return refused('streetFile', `line ${index + 1}: ${street}`);
    streets.push(street);
  }
  return accepted(streets);
}

/** The street, or what is wrong with the line. */
function parseLine(row: readonly string[], places: Places): NewStreet | string {
  if (row.length !== header.length) return `${header.length} fields expected, ${row.length} found`;
  const [code = '', kind = '', kk = '', ru = '', houseList = ''] = row.map((cell) => cell.trim());
  const place = /^\d{9}$/.test(code) ? places.place(Number(code)) : undefined;
  if (place === undefined) return `no place ${code}`;
  if (['region', 'district', 'rural_okrug'].includes(place.kind) || place.kind.endsWith('admin')) {
    return `${code} is no settlement`;
  }
  if (!isStreetKind(kind)) return `no kind of street "${kind}"`;
  const name = { kk: kk === '' ? ru : kk, ru: ru === '' ? kk : ru };
  for (const of of [name.kk, name.ru]) {
    if (of === '') return 'no name';
    // A quarter may have only a number as its name. A number alone is not a valid address, so the
    // check adds a word.
    if (of.length > longestName || !parseAddress(`көше ${of}`).ok)
      return `the name "${of}" is not one in Cyrillic letters`;
  }
  const houses: House[] = [];
  for (const entry of houseList === '' ? [] : houseList.split('|')) {
    const house = parseHouse(entry);
    if (house === undefined) return `the house "${entry}" is not NUMBER or NUMBER=INDEX`;
    houses.push(house);
  }
  return { kato: place.kato, kind, name, houses };
}

function parseHouse(entry: string): House | undefined {
  const [number = '', index, ...rest] = entry.split('=').map((part) => part.trim());
  if (
    rest.length > 0 ||
    number.length > longestHouse ||
    !/^\d[\dА-Яа-яӘәҒғҚқҢңӨөҰұҮүҺһІі/ -]*$/u.test(number)
  )
    return undefined;
  if (index === undefined) return { number, postcode: null };
  const postcode = parsePostcode(index);
  return postcode.ok ? { number, postcode: postcode.value } : undefined;
}

function isStreetKind(kind: string): kind is StreetKind {
  return Object.hasOwn(streetWording, kind);
}

/** The fields of a line. A quoted field may contain semicolons and doubled quotation marks. */
function cells(line: string): string[] {
  const found: string[] = [];
  for (const [, quoted, plain, end] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^";]*))(;|$)/g)) {
    found.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === '') break;
  }
  return found;
}
