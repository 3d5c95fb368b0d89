import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBundledPostgres } from '../src/bundled-postgres.ts';
import { type Database, openDatabase } from '../src/platform/postgres/database.ts';
import { json, sql } from '../src/platform/postgres/sql.ts';
import { percentile, type Row } from './row.ts';
import { Client, peopleWhoSave, startMeasured } from './service.ts';

const seconds = 8;

/**
 * Saves over HTTP, each acknowledged after COMMIT, compared with a bare transaction of three
 * statements on the same kind of server.
 */
export async function bench(): Promise<Row[]> {
  const { rate, took } = await saves();
  const bare = await bareTransactions();
  return [
    { name: 'saves', value: rate, unit: '1/s', note: '8 people in parallel, form check to COMMIT and 303' },
    { name: 'saves: p99', value: percentile(took, 0.99), unit: 'ms' },
    {
      name: 'bare transaction of three statements',
      value: bare,
      unit: '1/s',
      note: '8 connections, real fsync',
    },
  ];
}

async function saves(): Promise<{ rate: number; took: number[] }> {
  const service = await startMeasured();
  try {
    const people = (await peopleWhoSave()).slice(0, 8);
    const clients = await Promise.all(
      people.map(async (person) => {
        const client = new Client(service.origin);
        await client.signIn(person);
        return { client, form: (await client.get('/services/requisites')).fields };
      }),
    );
    const took: number[] = [];
    const until = performance.now() + seconds * 1_000;
    await Promise.all(
      clients.map(async ({ client, form }) => {
        for (let turn = 0; performance.now() < until; turn++) {
          const started = performance.now();
          const { status } = await client.post('/services/requisites', {
            ...form,
            formId: randomUUID(),
            revision: String(Number(form['revision']) + turn),
            address: `Астана қаласы, Қабанбай батыр даңғылы, ${turn + 1}`,
          });
          if (status !== 303) throw new Error(`a save answered ${status}`);
          took.push(performance.now() - started);
        }
      }),
    );
    return { rate: took.length / seconds, took };
  } finally {
    await service.close();
  }
}

async function bareTransactions(): Promise<number> {
  const varDir = await mkdtemp(join(tmpdir(), 'kabinet-bench-'));
  await chmod(varDir, 0o700);
  const server = await startBundledPostgres({
    varDir,
    log: { info: () => undefined, warn: () => undefined },
  });
  const database = openDatabase(server.connection, { max: 8 });
  try {
    await database.run(sql`create table person (id int primary key, address text)`);
    await database.run(
      sql`create table change (id bigint generated always as identity primary key, person int, entries jsonb)`,
    );
    await database.run(
      sql`create table outbox (id bigint generated always as identity primary key, payload jsonb)`,
    );
    await database.run(sql`insert into person select n, '' from generate_series(1, 8) n`);
    const until = performance.now() + seconds * 1_000;
    const counts = await Promise.all(
      Array.from({ length: 8 }, (_, person) => loop(database, person + 1, until)),
    );
    return counts.reduce((sum, count) => sum + count, 0) / seconds;
  } finally {
    await database.close();
    await server.stop();
    await rm(varDir, { recursive: true, force: true });
  }
}

async function loop(database: Database, person: number, until: number): Promise<number> {
  let turn = 0;
  for (; performance.now() < until; turn++) {
    const entry = json([{ field: 'address', old: null, new: String(turn) }]);
    await database.transaction(async (transaction) => {
      await transaction.run(sql`update person set address = ${String(turn)} where id = ${person}`);
      await transaction.run(sql`insert into change (person, entries) values (${person}, ${entry})`);
      await transaction.run(sql`insert into outbox (payload) values (${entry})`);
    });
  }
  return turn;
}
