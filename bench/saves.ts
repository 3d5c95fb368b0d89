import { setTimeout as pause } from 'node:timers/promises';
import type { LocalPostgres } from 'local-postgres';
import pg from 'pg';
import { createPasswordHasher } from '../src/features/passwords/hasher.ts';
import { type Database, openDatabase } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { json, sql } from '../src/platform/postgres/sql.ts';
import { inventIinAmong, password } from '../test/support/people.ts';
import { fillPopulation } from '../test/support/population.ts';
import { silent, withOwnPostgres } from './own-postgres.ts';
import { cpuOf, parentOf } from './processes.ts';
import { percentile, type Row } from './row.ts';
import { openSaver, type Saver } from './saves-load.ts';
import { type MeasuredService, startMeasured, urlOf } from './service.ts';

/** Both sides have so many at once: saves on their way, and connections. */
const atOnce = 8;
/**
 * They save in turn. Changes of one person go to the fund one after another, so a few people who
 * save without a pause would only wait for their own queues.
 */
const peopleCount = 400;
/** Rounds that alternate, so that other load on this machine affects both sides. */
const rounds = 5;
const seconds = 3;
/** Until statements are prepared on all connections, and the code is compiled. */
const warmUpSeconds = 3;

/**
 * Saves over HTTP, each acknowledged after COMMIT, beside a bare transaction of three statements on
 * the same server in the same run. A save is counted with its delivery to the embedded fund: a
 * round ends when nothing waits any more.
 */
export function bench(): Promise<Row[]> {
  return withOwnPostgres('saves', {}, compareOn);
}

async function compareOn(server: LocalPostgres): Promise<Row[]> {
  await fillWithPeople(server);
  const service = await startMeasured({
    SECRET_KEYS: 'k'.repeat(32),
    DATABASE_URL: urlOf(server.connection),
    DATABASE_PREPARED: '1',
  });
  const database = openDatabase(server.connection, { max: 1 });
  const bare = await openBare(server);
  const savers: Saver[] = [];
  try {
    for (let n = 0; n < peopleCount; n += 1)
      savers.push(await openSaver(service.origin, { iin: inventIinAmong(n), password }));
    const sides: Sides = { service, database, bare, savers };
    await measure(sides, () => saveFor(sides, warmUpSeconds));
    const samples: Record<'saves' | 'bare', Sample[]> = { saves: [], bare: [] };
    for (let round = 0; round < rounds; round += 1) {
      samples.saves.push(await measure(sides, () => saveFor(sides, seconds)));
      samples.bare.push(await measure(sides, () => bareFor(sides, seconds)));
    }
    return rowsOf(samples.saves, samples.bare);
  } finally {
    for (const saver of savers) saver.close();
    await bare.end();
    await database.close();
    await service.close();
  }
}

async function fillWithPeople(server: LocalPostgres): Promise<void> {
  await migrate(server.connection, silent);
  const hasher = await createPasswordHasher(1);
  const superuser = { ...server.administration, database: server.connection.database };
  await fillPopulation(superuser, { people: peopleCount, passwordHash: await hasher.hash(password) });
}

interface Sides {
  readonly service: MeasuredService;
  /** Of the service's data, for looking at the outbox. */
  readonly database: Database;
  readonly bare: pg.Pool;
  readonly savers: readonly Saver[];
}

/** What happened in one round of one side. */
interface Sample {
  readonly rate: number;
  /** Milliseconds of each. */
  readonly took: readonly number[];
  /** CPU milliseconds of each, in the service and in PostgreSQL. */
  readonly node: number;
  readonly postgres: number;
  /** Bytes that each wrote ahead, with what the rest of the service wrote meanwhile. */
  readonly wal: number;
}

async function measure(
  { service, database }: Sides,
  work: () => Promise<readonly number[]>,
): Promise<Sample> {
  const postmaster = await postmasterOf(database);
  const written = () =>
    database.first<{ bytes: string }>(sql`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`);
  const before = {
    node: (await service.usage()).cpu,
    postgres: await cpuOf(postmaster),
    wal: await written(),
  };
  const begun = performance.now();
  const took = await work();
  const lasted = (performance.now() - begun) / 1_000;
  return {
    rate: took.length / lasted,
    took,
    node: ((await service.usage()).cpu - before.node) / 1_000 / took.length,
    postgres: (((await cpuOf(postmaster)) - before.postgres) * 1_000) / took.length,
    wal: (Number((await written())?.bytes) - Number(before.wal?.bytes)) / took.length,
  };
}

/** Everybody saves in turn for so long; then the last deliveries are waited for. */
async function saveFor({ savers, database }: Sides, lasting: number): Promise<readonly number[]> {
  const waiting = [...savers];
  const took = await repeat(lasting, async () => {
    const saver = waiting.shift() as Saver;
    const saved = await saver.save();
    waiting.push(saver);
    return saved;
  });
  while (await waits(database)) await pause(5);
  return took;
}

/** Whether a change has not reached the fund. */
async function waits(database: Database): Promise<boolean> {
  const row = await database.first(sql`
    select from cabinet.outbox
    where lane = 'fund' and num_nulls(delivered_at, dead_at) > 1 limit 1`);
  return row !== undefined;
}

/** `work` for so many seconds, by `atOnce` loops; milliseconds that each turn took. */
async function repeat(lasting: number, work: (loop: number) => Promise<unknown>): Promise<readonly number[]> {
  const took: number[] = [];
  const until = performance.now() + lasting * 1_000;
  await Promise.all(
    Array.from({ length: atOnce }, async (_, loop) => {
      while (performance.now() < until) {
        const begun = performance.now();
        if (await work(loop)) took.push(performance.now() - begun);
        // Refused because the machine is too busy. It does not count.
        else await pause(100);
      }
    }),
  );
  return took;
}

/** A database of its own on the same server, with three tables like those that a save writes. */
async function openBare(server: LocalPostgres): Promise<pg.Pool> {
  const administration = new pg.Client({ ...server.administration });
  await administration.connect();
  await administration.query(`create database bare owner ${server.connection.user}`);
  await administration.end();
  const pool = new pg.Pool({ ...server.connection, database: 'bare', max: atOnce });
  // The server may stop before the last connection has closed.
  pool.on('error', () => undefined);
  await pool.query(`
    create table person (id int primary key, address text);
    create table change (id bigint generated always as identity primary key, person int, entries jsonb);
    create table outbox (id bigint generated always as identity primary key, payload jsonb);
    insert into person select n, '' from generate_series(0, ${atOnce - 1}) n`);
  return pool;
}

/** What anyone would write with `pg`: each statement awaited, none prepared. */
async function bareFor({ bare }: Sides, lasting: number): Promise<readonly number[]> {
  const clients = await Promise.all(Array.from({ length: atOnce }, () => bare.connect()));
  try {
    return await repeat(lasting, async (person) => {
      const client = clients[person] as pg.PoolClient;
      const address = String(performance.now());
      const entry = json([{ field: 'address', old: null, new: address }]);
      await client.query('begin');
      await client.query('update person set address = $1 where id = $2', [address, person]);
      await client.query('insert into change (person, entries) values ($1, $2)', [person, entry]);
      await client.query('insert into outbox (payload) values ($1)', [entry]);
      await client.query('commit');
      return true;
    });
  } finally {
    for (const client of clients) client.release();
  }
}

function rowsOf(saves: readonly Sample[], bare: readonly Sample[]): Row[] {
  const median = (samples: readonly Sample[], of: (sample: Sample) => number) =>
    percentile(samples.map(of), 0.5);
  const ratios = saves.map(({ rate }, round) => rate / (bare[round]?.rate ?? 0));
  const took = saves.flatMap((sample) => sample.took);
  return [
    {
      name: 'saves',
      value: median(saves, ({ rate }) => rate),
      unit: '1/s',
      note: `${atOnce} at once by ${peopleCount} people in turn, POST to COMMIT and 303, and the delivery to the embedded fund`,
    },
    {
      name: 'bare transaction of three statements',
      value: median(bare, ({ rate }) => rate),
      unit: '1/s',
      note: `${atOnce} connections of the same server, real fsync`,
    },
    {
      name: 'saves / bare',
      value: percentile(ratios, 0.5),
      unit: '×',
      note: `at least 0.3; ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')} in ${rounds} rounds`,
    },
    { name: 'saves: p50', value: percentile(took, 0.5), unit: 'ms' },
    { name: 'saves: p99', value: percentile(took, 0.99), unit: 'ms' },
    {
      name: 'saves: CPU in Node.js',
      value: median(saves, ({ node }) => node),
      unit: 'ms',
      note: 'of each save with its delivery; at most 1.2',
    },
    {
      name: 'saves: CPU in PostgreSQL',
      value: median(saves, ({ postgres }) => postgres),
      unit: 'ms',
      note: `of each save with its delivery; at most 2.0; a bare transaction ${median(bare, ({ postgres }) => postgres).toFixed(2)}`,
    },
    {
      name: 'saves: written ahead',
      value: median(saves, ({ wal }) => wal) / 1_000,
      unit: 'KB',
      note: `of WAL for each; a bare transaction ${(median(bare, ({ wal }) => wal) / 1_000).toFixed(2)}`,
    },
  ];
}

async function postmasterOf(database: Database): Promise<number> {
  const row = await database.first<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return parentOf(row?.pid ?? 0);
}
