import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { vi } from 'vitest';
import type { ConnectionFields } from '../../src/platform/postgres/database.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';

// Pins what would make two pictures of one state differ: the clocks of the database and of the
// process, the people, the random numbers on a page, and the fonts.

/** Ten past ten in Astana. Twenty seconds later, so that a slow run stays within the minute. */
const pinnedMoment = new Date('2026-11-24T05:10:20Z');

/**
 * Makes `now()` of a database begin at the pinned moment: a function of that name in a schema that
 * is searched first. Defaults of columns were bound to the former function, so they are set again.
 */
export async function pinDatabase(connection: ConnectionFields): Promise<void> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    await client.query(`
      create schema pinned;
      create table pinned.clock as select pg_catalog.now() - '${pinnedMoment.toISOString()}'::timestamptz as late;
      create function pinned.now() returns timestamptz stable language sql
        as 'select pg_catalog.now() - late from pinned.clock';
      create function pinned.clock_timestamp() returns timestamptz volatile language sql
        as 'select pg_catalog.clock_timestamp() - late from pinned.clock';
      do $do$ begin
        execute format('alter database %I set search_path = pinned, pg_catalog, public', current_database());
      end $do$;
      set search_path = pinned, pg_catalog, public;
      do $do$ declare line record; begin
        for line in
          select attrelid::regclass as held, attname, pg_get_expr(adbin, adrelid) as made
          from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum
          where pg_get_expr(adbin, adrelid) like '%now()%' or pg_get_expr(adbin, adrelid) like '%clock_timestamp()%'
        loop
          execute format('alter table %s alter column %I set default %s', line.held, line.attname,
            replace(replace(line.made, 'pg_catalog.', ''), 'pinned.', ''));
        end loop;
      end $do$`);
  } finally {
    await client.end();
  }
}

/** Stops the clock of this process at the pinned moment. */
export function pinProcess(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: pinnedMoment });
}

/** The person of every picture. */
export function pinnedPerson(different: Partial<PersonLine>): PersonLine {
  return {
    ...inventPerson(7),
    surname: 'Серікбаева',
    name: 'Айгерім',
    patronymic: 'Нұрланқызы',
    documents: [
      {
        id: 'd1',
        type: 'identity-card',
        series: null,
        number: '041234567',
        issuedOn: '2019-09-06',
        validUntil: '2029-09-05',
        issuedBy: 'МВД РК',
      },
    ],
    accounts: [
      { kind: 'opv', number: '111111111111111111', notification: 'internet-eds' },
      { kind: 'dpv', number: '222222222222222222', notification: 'internet-eds' },
      { kind: 'opvr', number: '444444444444444444', notification: null },
    ],
    requisites: {
      address: 'Алматы қаласы, Медеу ауданы, Достық даңғылы, 97-үй',
      apartment: '12',
      postcode: 'A25A2B8',
      homePhone: '+77272501234',
      contactPhone: null,
      mobilePhone: '+77011234567',
      email: 'aigerim@example.kz',
    },
    ...different,
  };
}

const { resolve } = createRequire(import.meta.url);
const faces = [
  [400, '400Regular/PTSans_400Regular.ttf'],
  [700, '700Bold/PTSans_700Bold.ttf'],
] as const;

/** The font of all pictures. PT Sans is the font of the receipt and has all letters. */
const font = faces
  .map(([weight, file]) => {
    const data = readFileSync(resolve(`@expo-google-fonts/pt-sans/${file}`)).toString('base64');
    return `@font-face{font-family:Pinned;font-weight:${weight};src:url(data:font/ttf;base64,${data})}`;
  })
  .join('');
const style = `${font}html body{font-family:Pinned}*{caret-color:transparent!important}.button-row[data-sticky]{position:static!important}`;

/** Gives a page the pinned font, and replaces random numbers by fixed ones. */
export async function pinPage(page: Page): Promise<void> {
  await page.addStyleTag({ content: style });
  await page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode as Text;
      // The alphabet of receipts and of request numbers.
      text.data = text.data
        .replace(/\b(?=[A-Z]*\d)[0-9A-HJKMNP-TV-Z]{12}\b/g, (found) =>
          /^\d+$/.test(found) ? found : '7M4K2P9XQ3TB',
        )
        .replace(/\b(?=[A-Z]*\d)[0-9A-HJKMNP-TV-Z]{10}\b/g, (found) =>
          /^\d+$/.test(found) ? found : '5T8RW2N6VA',
        );
    }
    return document.fonts.ready.then(() => undefined);
  });
}
