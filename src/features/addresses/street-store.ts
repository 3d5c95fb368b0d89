import type { Queryable } from '../../platform/postgres/database.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import { foldedWords } from './fold.ts';
import type { Street } from './street.ts';
import type { NewStreet } from './street-file.ts';
import type { StreetKind } from './wording.ts';

interface StreetRow {
  readonly id: string;
  readonly place: number;
  readonly kind: StreetKind;
  readonly name_kk: string;
  readonly name_ru: string;
  readonly houses: readonly (readonly [number: string, postcode: string | null])[];
}

/** Number of rows in one insert. */
const batch = 5_000;
/** Maximum number of streets that a search returns. */
const most = 200;
/** Maximum number of words tried for one beginning when no place is known. */
const mostWords = 20;
/** Maximum number of streets found for one word without a place: those of the largest places. */
const mostOfWord = 500;
/** Typing errors are allowed from this number of letters on. */
const leastForSlip = 4;
/** Whether an operator has imported streets. */
export async function anyStreets(database: Queryable): Promise<boolean> {
  const row = await database.first<{ any: boolean }>(sql`select exists (select from cabinet.street) as any`);
  return row?.any ?? false;
}

/** Finds streets by words of their names, as `StreetLookup` describes. */
export async function findStreets(
  database: Queryable,
  words: readonly string[],
  places: readonly number[] | null,
): Promise<readonly Street[]> {
  const asked = words.slice(0, 4);
  if (asked.length === 0) return [];
  const sets = asked.map((word) => (places === null ? anywhere(word) : inPlaces(word, places)));
  const [first, ...others] = sets;
  if (first === undefined) return [];
  const common = others.reduce((all, set) => sql`${all} intersect ${set}`, first);
  const rows = await database.rows<StreetRow>(sql`
    with found as materialized (${common}),
      best as (select street_id from found group by street_id order by max(weight) desc, street_id limit ${most})
    select s.street_id::text as id, s.place, s.kind, s.name_kk, s.name_ru, s.houses
    from best join cabinet.street s using (street_id)`);
  return rows.map(streetOf);
}

/**
 * Replaces all streets with these. Searches that run meanwhile see the old ones.
 * @param weight how important a place (KATO code) is
 */
export async function replaceStreets(
  tx: Queryable,
  streets: readonly NewStreet[],
  weight: (kato: number) => number,
): Promise<void> {
  await tx.run(sql`set local statement_timeout = '5min'`);
  await tx.run(sql`delete from cabinet.street_spelling`);
  await tx.run(sql`delete from cabinet.street_vocabulary`);
  await tx.run(sql`delete from cabinet.street_anywhere`);
  await tx.run(sql`delete from cabinet.street_word`);
  await tx.run(sql`delete from cabinet.street`);
  for (let from = 0; from < streets.length; from += batch) {
    await insertStreets(tx, streets.slice(from, from + batch), weight);
  }
  await tx.run(sql`
    insert into cabinet.street_vocabulary (word, streets)
    select word, count(distinct street_id) from cabinet.street_word group by word`);
  await tx.run(sql`
    insert into cabinet.street_anywhere (word, street_id, weight)
    select word, street_id, weight from (
      select word, street_id, weight,
        row_number() over (partition by word order by weight desc, street_id) as place_in_line
      from cabinet.street_word) as ranked
    where place_in_line <= ${mostOfWord}`);
  await tx.run(sql`
    insert into cabinet.street_spelling (spelling, word)
    select word, word from cabinet.street_vocabulary
    union
    select substr(word, 1, at - 1) || substr(word, at + 1), word
    from cabinet.street_vocabulary, generate_series(1, length(word)) as at
    where length(word) >= ${leastForSlip - 1}`);
  // Runs within the transaction, because the first search after it must already have a good plan.
  await tx.run(
    sql`analyze cabinet.street, cabinet.street_word, cabinet.street_anywhere,
      cabinet.street_vocabulary, cabinet.street_spelling`,
  );
}

async function insertStreets(
  tx: Queryable,
  streets: readonly NewStreet[],
  weight: (kato: number) => number,
): Promise<void> {
  // Numbers are never reused: an id stored with somebody's address must not come to mean another
  // street.
  const numbers = await tx.rows<{ id: number }>(sql`
    select nextval(pg_get_serial_sequence('cabinet.street', 'street_id')) as id
    from generate_series(1, ${streets.length}::integer)`);
  const ids = numbers.map(({ id }) => id);
  await tx.run(sql`
    insert into cabinet.street (street_id, place, kind, name_kk, name_ru, houses)
    select * from unnest(
      ${ids}::bigint[], ${streets.map(({ kato }) => kato)}::integer[], ${streets.map(({ kind }) => kind)}::text[],
      ${streets.map(({ name }) => name.kk)}::text[], ${streets.map(({ name }) => name.ru)}::text[],
      ${streets.map(({ houses }) => json(houses.map(({ number, postcode }) => [number, postcode])))}::jsonb[])`);
  const words = streets.flatMap(({ kato, name }, index) => {
    const distinct = new Set([name.kk, name.ru].flatMap((of) => foldedWords(of).map(({ word }) => word)));
    return [...distinct].map((word) => ({ kato, word, id: ids[index], weight: weight(kato) }));
  });
  await tx.run(sql`
    insert into cabinet.street_word (place, word, street_id, weight)
    select * from unnest(
      ${words.map(({ kato }) => kato)}::integer[], ${words.map(({ word }) => word)}::text[],
      ${words.map(({ id }) => id)}::bigint[], ${words.map((of) => of.weight)}::real[])`);
}

/** Streets of these places that have such a word, or one with a single typing error. */
function inPlaces(word: string, places: readonly number[]): Sql {
  const begun = sql`
    select street_id, weight from cabinet.street_word
    where place = any(${places}::integer[]) and word >= ${word} and word < ${beyond(word)}`;
  if (word.length < leastForSlip) return sql`(${begun})`;
  return sql`(${begun} union
    select w.street_id, w.weight from cabinet.street_spelling s
    join cabinet.street_word w on w.word = s.word
    where s.spelling = any(${spellings(word)}::text[]) and w.place = any(${places}::integer[]))`;
}

/** The same in all places, for the most common words that begin this way. */
function anywhere(word: string): Sql {
  const begun = sql`
    (select word from cabinet.street_vocabulary where word >= ${word} and word < ${beyond(word)}
    order by word = ${word} desc, streets desc limit ${mostWords})`;
  const words =
    word.length < leastForSlip
      ? begun
      : sql`${begun} union select word from cabinet.street_spelling where spelling = any(${spellings(word)}::text[])`;
  return sql`(select street_id, weight from cabinet.street_anywhere where word = any(array(${words})))`;
}

/**
 * The first string after all that begin with the word. Folded words consist of plain letters and
 * digits.
 */
function beyond(word: string): string {
  return `${word}\uffff`;
}

/**
 * The word, and the word with each single letter left out. Two words that differ by one typing
 * error share at least one of these.
 */
function spellings(word: string): string[] {
  return [word, ...Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))];
}

function streetOf(row: StreetRow): Street {
  return {
    id: row.id,
    kato: row.place,
    kind: row.kind,
    name: { kk: row.name_kk, ru: row.name_ru },
    houses: row.houses.map(([number, postcode]) => ({ number, postcode })),
  };
}
