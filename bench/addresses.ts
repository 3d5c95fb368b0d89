import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { startBundledPostgres } from '../src/bundled-postgres.ts';
import { type AddressSources, suggestAddresses } from '../src/features/addresses/addresses.ts';
import { createEmbeddedSource } from '../src/features/addresses/embedded.ts';
import { type Places, readPlaces } from '../src/features/addresses/places.ts';
import type { NewStreet } from '../src/features/addresses/street-file.ts';
import { createStreetLookup } from '../src/features/addresses/street-lookup.ts';
import { replaceStreets } from '../src/features/addresses/street-store.ts';
import { type Database, openDatabase } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { root } from '../src/platform/root.ts';
import { percentile, type Row } from './row.ts';
import { Client, type MeasuredService, peopleWhoSave, startMeasured, urlOf } from './service.ts';

const queries = 2_000;
/** Queries over HTTP. One session may send 60 at once and 10 a second. */
const queriesOverHttp = 400;
const pagesPerSecond = 50;
const streetCount = 200_000;

/**
 * Suggestions over the shipped places and over 200,000 generated streets: time to load, memory, p50
 * and p99. Measured in this process and over HTTP, alone and while pages are served.
 */
export async function bench(): Promise<Row[]> {
  const { places, rows } = loading();
  const random = seeded(1);
  const embedded = createEmbeddedSource(places);
  const typed = typedPlaces(places, random);
  await measure({ embedded }, typed.slips.slice(0, 200));
  return [
    ...rows,
    ...figures('places: beginnings', await measure({ embedded }, typed.beginnings)),
    ...figures('places: one slip', await measure({ embedded }, typed.slips)),
    ...figures('places: a place and a street', await measure({ embedded }, typed.lines)),
    ...(await servedFigures('places', await startMeasured(), typed.slips)),
    ...(await streetFigures(places)),
  ];
}

function loading(): { places: Places; rows: Row[] } {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const start = performance.now();
  const places = readPlaces(join(root, 'data'));
  const took = performance.now() - start;
  globalThis.gc?.();
  const after = process.memoryUsage();
  const kept = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
  const note =
    globalThis.gc === undefined ? 'without --expose-gc: garbage is counted too' : 'after a collection';
  return {
    places,
    rows: [
      { name: 'places: load', value: took, unit: 'ms', note: `${places.count} places, once per process` },
      { name: 'places: memory', value: kept / 1e6, unit: 'MB', note },
    ],
  };
}

async function streetFigures(places: Places): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kabinet-bench-'));
  await chmod(folder, 0o711);
  const log = { info: () => {}, warn: () => {} };
  const server = await startBundledPostgres({ varDir: folder, log });
  let database: Database | undefined;
  try {
    await migrate(server.connection, log);
    database = openDatabase(server.connection);
    const random = seeded(2);
    const streets = generatedStreets(places, random);
    const start = performance.now();
    await database.transaction((tx) => replaceStreets(tx, streets, places.weight));
    const took = performance.now() - start;
    const size = await database.first<{ bytes: number }>({
      text: `select sum(pg_total_relation_size(c.oid))::bigint as bytes from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'cabinet' and c.relname like 'street%' and c.relkind = 'r'`,
      values: [],
    });
    const sources = {
      embedded: createEmbeddedSource(
        places,
        createStreetLookup(database, (error) => {
          throw error;
        }),
      ),
    };
    const typed = typedStreets(places, streets, random);
    await measure(sources, typed.slips.slice(0, 200));
    return [
      {
        name: 'streets: import',
        value: took / 1000,
        unit: 's',
        note: `${streets.length} streets, one transaction`,
      },
      { name: 'streets: tables and indexes', value: (size?.bytes ?? 0) / 1e6, unit: 'MB' },
      ...figures('streets: town and beginning', await measure(sources, typed.beginnings)),
      ...figures('streets: town and one slip', await measure(sources, typed.slips)),
      ...figures('streets: no town', await measure(sources, typed.townless)),
      ...(await servedFigures(
        'streets',
        await startMeasured({ DATABASE_URL: urlOf(server.connection), SECRET_KEYS: 'k'.repeat(32) }),
        typed.slips,
      )),
    ];
  } finally {
    await database?.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(sources: AddressSources, texts: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const text of texts) {
    const start = performance.now();
    await suggestAddresses(sources, text, 'ru');
    times.push(performance.now() - start);
  }
  return times;
}

/** Measures `/api/addresses` of a service in its own process, and stops the service. */
async function servedFigures(
  name: string,
  service: MeasuredService,
  texts: readonly string[],
): Promise<Row[]> {
  try {
    const people = await peopleWhoSave();
    const clients = await Promise.all(
      people.map(async (person) => {
        const client = new Client(service.origin);
        await client.signIn(person);
        return client;
      }),
    );
    const [first] = clients;
    if (!first) throw new Error('no demonstration people');
    await ask(first, 'Алматы Абая 1');
    const alone = await askInTurn(clients, texts.slice(0, queriesOverHttp));
    // The sessions have used up their burst.
    await pause(6_000);
    const pages = autocannon(
      {
        url: `${service.origin}/services/requisites`,
        connections: 8,
        duration: 600,
        overallRate: pagesPerSecond,
        headers: { cookie: first.cookieHeader, 'accept-encoding': 'br' },
      },
      () => undefined,
    );
    let served = 0;
    pages.on('response', (_client, status) => {
      if (status === 200) served += 1;
    });
    const start = performance.now();
    const among = await askInTurn(clients, texts.slice(queriesOverHttp, 2 * queriesOverHttp));
    const rate = (served * 1000) / (performance.now() - start);
    pages.stop();
    return [
      ...figures(`${name}: over HTTP, alone`, alone),
      ...figures(`${name}: over HTTP, ${Math.round(rate)} pages a second beside`, among),
    ];
  } finally {
    await service.close();
  }
}

/** One query after another, each session in turn. */
async function askInTurn(clients: readonly Client[], texts: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const [index, text] of texts.entries()) {
    const client = clients[index % clients.length];
    if (client) times.push(await ask(client, text));
  }
  return times;
}

/** The time of one query, in milliseconds. */
async function ask(client: Client, text: string): Promise<number> {
  const start = performance.now();
  const { status } = await client.get(`/api/addresses?${new URLSearchParams({ q: text, language: 'ru' })}`);
  if (status !== 200) throw new Error(`a suggestion was answered with ${status}`);
  return performance.now() - start;
}

function figures(name: string, times: readonly number[]): Row[] {
  return [
    {
      name: `${name}, p50`,
      value: percentile(times, 0.5),
      unit: 'ms',
      note: `${times.length} queries, one after another`,
    },
    { name: `${name}, p99`, value: percentile(times, 0.99), unit: 'ms' },
  ];
}

/** What people type to find places, drawn at random from those that a letter finds. */
function typedPlaces(places: Places, random: () => number) {
  const names = [...'абвгдежзиклмнопрстушыәғқңөұүі'].flatMap((letter) =>
    places.find(letter, 500, 'beginnings').flatMap(({ name }) => [name.kk, name.ru]),
  );
  const long = names.filter((name) => name.length >= 5);
  const pick = () => long[Math.floor(random() * long.length)] ?? 'Алматы';
  return {
    beginnings: repeat(() => beginning(pick(), random)),
    slips: repeat(() => slip(pick(), random)),
    lines: repeat(() => `${pick()}, Абая ${Math.ceil(random() * 99)}`),
  };
}

function typedStreets(places: Places, streets: readonly NewStreet[], random: () => number) {
  const pick = () => streets[Math.floor(random() * streets.length)];
  const town = (street: NewStreet | undefined) => places.place(street?.kato ?? 0)?.name.ru ?? 'Алматы';
  const name = (street: NewStreet | undefined) => street?.name.ru ?? 'Абая';
  return {
    beginnings: repeat(() => {
      const street = pick();
      return `${town(street)}, ${beginning(name(street), random)}`;
    }),
    slips: repeat(() => {
      const street = pick();
      return `${town(street)}, ${slip(name(street), random)} ${Math.ceil(random() * 99)}`;
    }),
    townless: repeat(() => name(pick())),
  };
}

/**
 * Streets distributed as in reality: thousands in large towns, a few in villages, and some names
 * everywhere.
 */
function generatedStreets(places: Places, random: () => number): NewStreet[] {
  const settlements = [...'абвгдежзиклмнопрстушқжәө']
    .flatMap((letter) => places.find(letter, 2_000, 'beginnings'))
    .filter(({ kind }) => ['repcity', 'city', 'townlet', 'village'].includes(kind));
  const distinct = [...new Map(settlements.map((place) => [place.kato, place])).values()];
  const shares = distinct.map(({ kato }) => places.weight(kato) ** 6 * 6_000 + 8);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const common = ['Абай', 'Жамбыл', 'Бейбітшілік', 'Достық', 'Тәуелсіздік', 'Наурыз', 'Мектеп', 'Ардагерлер'];
  const words = Array.from({ length: 22_000 }, () => inventedWord(random));
  const streets: NewStreet[] = [];
  distinct.forEach(({ kato }, index) => {
    const count = Math.ceil(((shares[index] ?? 0) / total) * streetCount);
    for (let street = 0; street < count && streets.length < streetCount; street += 1) {
      const word = () => words[Math.floor(random() * words.length)] ?? 'Ақ';
      const kk = common[street] ?? (random() < 0.4 ? `${word()} ${word()}` : word());
      streets.push({ kato, kind: 'street', name: { kk, ru: plainRussian(kk) }, houses: [] });
    }
  });
  return streets;
}

function inventedWord(random: () => number): string {
  const syllables = [
    'ақ',
    'қар',
    'жа',
    'тө',
    'бе',
    'сай',
    'кө',
    'лең',
    'бұ',
    'ра',
    'шы',
    'ғыс',
    'мұ',
    'дә',
    'рі',
    'ер',
    'ал',
  ];
  const word = Array.from(
    { length: 2 + Math.floor(random() * 3) },
    () => syllables[Math.floor(random() * syllables.length)],
  );
  const text = word.join('');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plainRussian(name: string): string {
  const plain: Readonly<Record<string, string>> = {
    ә: 'а',
    ғ: 'г',
    қ: 'к',
    ң: 'н',
    ө: 'о',
    ұ: 'у',
    ү: 'у',
    і: 'и',
  };
  return `${[...name].map((letter) => plain[letter] ?? letter).join('')}а`;
}

function beginning(text: string, random: () => number): string {
  return text.slice(0, Math.max(2, Math.ceil(random() * text.length)));
}

function slip(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  return random() < 0.5
    ? text.slice(0, at) + text.slice(at + 1)
    : `${text.slice(0, at)}ж${text.slice(at + 1)}`;
}

function repeat(make: () => string): string[] {
  return Array.from({ length: queries }, make);
}

/** Numbers from 0 to 1, always the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
