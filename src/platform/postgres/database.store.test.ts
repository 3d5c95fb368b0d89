import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { type FaultyLink, openFaultyLink } from '../../../test/support/faulty-link.ts';
import { type Database, openDatabase, type Queryable } from './database.ts';
import { sql } from './sql.ts';

let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterAll(() => fresh.drop());

test('a session that dies between two statements fails its transaction, but not the process or the next transaction', async () => {
  const { database } = fresh;
  const transaction = database.transaction(async (inside) => {
    const mine = await inside.first<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    await database.run(sql`select pg_terminate_backend(${mine?.pid})`);
    await vi.waitFor(async () => {
      const left = await database.run(sql`select from pg_stat_activity where pid = ${mine?.pid}`);
      expect(left).toBe(0);
    });
    // The error is on its way to this process. A round trip on another connection gives it time to
    // arrive.
    await database.run(sql`select`);
    await inside.run(sql`select`);
  });
  await expect(transaction).rejects.toThrow('the database is away');

  const value = await database.transaction((inside) => inside.first(sql`select 1 as one`));
  expect(value).toEqual({ one: 1 });
});

test('a session that dies while it is opened fails the caller, but not the process', async () => {
  const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
  const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  const fields = Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0');
  const terminated = Buffer.concat([Buffer.from([0x45, 0, 0, 0, fields.length + 4]), fields]);
  // Send everything in one packet, as when a server is stopped at that moment.
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, terminated])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const database = openDatabase({ host: '127.0.0.1', port, user: 'nobody', database: 'none' });
  await expect(database.run(sql`select`)).rejects.toThrow('the database is away');
  await database.close();
  server.close();
});

describe('round trips', () => {
  let link: FaultyLink;
  let database: Database;

  beforeAll(async () => {
    const { host, port, ...rest } = fresh.connection;
    link = await openFaultyLink(host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : port);
    database = openDatabase({ ...rest, host: '127.0.0.1', port: link.port }, { max: 1, prepared: true });
    await database.run(sql`create table public.note (id int primary key, text text not null)`);
  });

  afterAll(async () => {
    await database.close();
    await link.close();
  });

  const stored = () => database.rows(sql`select id, text from public.note order by id`);
  const cost = async (work: () => Promise<unknown>) => {
    link.takeRoundTrips();
    await work();
    return link.takeRoundTrips();
  };

  test('BEGIN leaves with the first statement, and COMMIT with the last', async () => {
    const spent = await cost(() =>
      database.transaction(async (inside) => {
        const [held, written] = await Promise.all([
          inside.first(sql`select 1 as one`),
          inside.last(sql`insert into public.note values (1, 'one')`),
        ]);
        expect(held).toEqual({ one: 1 });
        expect(written).toBe(1);
      }),
    );
    expect(spent).toBe(1);
    expect(await stored()).toEqual([{ id: 1, text: 'one' }]);
  });

  test('a transaction step by step needs one for each step and one for COMMIT', async () => {
    const spent = await cost(() =>
      database.transaction(async (inside) => {
        await inside.run(sql`select`);
        await inside.run(sql`select`);
      }),
    );
    expect(spent).toBe(3);
    expect(await cost(() => database.transaction(async () => 'nothing asked'))).toBe(0);
  });

  test('a batch needs one for all that is started together', async () => {
    const spent = await cost(async () => {
      const answers = await database.batch((connection) =>
        Promise.all([connection.first(sql`select 1 as one`), connection.first(sql`select 2 as two`)]),
      );
      expect(answers).toEqual([{ one: 1 }, { two: 2 }]);
    });
    expect(spent).toBe(1);
  });

  test.each([
    ['the last statement', sql`select 1 as one`, sql`insert into public.note values (1, 'again')`, '23505'],
    ['the statement before it', sql`select 1 / 0`, sql`insert into public.note values (2, 'two')`, '22012'],
  ])('when %s fails nothing is stored, and that is told', async (_what, before, last, code) => {
    const failing = database.transaction((inside) => Promise.all([inside.first(before), inside.last(last)]));
    await expect(failing).rejects.toMatchObject({ code });
    expect(await stored()).toEqual([{ id: 1, text: 'one' }]);
  });

  test('a COMMIT that PostgreSQL answers with ROLLBACK is no success', async () => {
    const failing = database.transaction(async (inside) => {
      await inside.run(sql`select 1 / 0`).catch(() => undefined);
      return 'done';
    });
    await expect(failing).rejects.toThrow('COMMIT was answered with ROLLBACK');
    const hidden = database.transaction(async (inside) => {
      inside.run(sql`select 1 / 0`).catch(() => undefined);
      return inside.last(sql`insert into public.note values (3, 'three')`);
    });
    await expect(hidden).rejects.toMatchObject({ code: '22012' });
    expect(await stored()).toEqual([{ id: 1, text: 'one' }]);
  });

  test('a statement that comes after the failure of another one is refused, and nothing of it is stored', async () => {
    let late: Promise<number> = Promise.resolve(0);
    const failing = database.transaction(async (inside) => {
      const first = inside.run(sql`select 1`);
      late = first.then(() => inside.run(sql`insert into public.note values (5, 'five')`));
      late.catch(() => undefined);
      await Promise.all([first, inside.run(sql`select 1 / 0`), late]);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    let tooLate: Promise<number> = Promise.resolve(0);
    const thrown = database.transaction(async (inside) => {
      await inside.run(sql`select 1`);
      tooLate = new Promise<void>((resolve) => setImmediate(resolve)).then(() =>
        inside.run(sql`insert into public.note values (6, 'six')`),
      );
      tooLate.catch(() => undefined);
      throw new Error('refused by the rules');
    });
    await expect(thrown).rejects.toThrow('refused by the rules');
    await expect(tooLate).rejects.toThrow('the transaction has ended');
    await expect(late).rejects.toThrow();
    expect(await stored()).toEqual([{ id: 1, text: 'one' }]);
  });

  test('a deadlock is tried once more, also when the last statement was on its way', async () => {
    let tries = 0;
    const value = await database.transaction(async (inside) => {
      tries += 1;
      const [, written] = await Promise.all([
        inside.run(
          tries === 1
            ? sql`do $$ begin raise exception 'undone' using errcode = '40P01'; end $$`
            : sql`select`,
        ),
        inside.last(sql`insert into public.note values (4, 'four')`),
      ]);
      return written;
    });
    expect({ value, tries }).toEqual({ value: 1, tries: 2 });
    await database.run(sql`delete from public.note where id = 4`);
  });

  test('what a deferred check refuses at COMMIT is refused to the caller', async () => {
    await database.run(
      sql`create table public.child (id int references public.note deferrable initially deferred)`,
    );
    const failing = database.transaction((inside) => inside.last(sql`insert into public.child values (99)`));
    await expect(failing).rejects.toMatchObject({ code: '23503' });
    expect(await database.rows(sql`select from public.child`)).toEqual([]);
  });

  test('nothing can be asked after the last statement', async () => {
    const late = database.transaction(async (inside) => {
      await inside.last(sql`select`);
      await inside.run(sql`select`);
    });
    await expect(late).rejects.toThrow('the transaction has ended');
  });

  test('what comes often is prepared, and twice in one batch does no harm', async () => {
    const ask = (connection: Queryable) => connection.first(sql`select ${7}::int as seven`);
    for (let times = 0; times < 3; times += 1)
      expect(await database.batch((one) => Promise.all([ask(one), ask(one)]))).toEqual([
        { seven: 7 },
        { seven: 7 },
      ]);
    const prepared = await database.rows<{ statement: string }>(
      sql`select statement from pg_prepared_statements where statement like '%as seven%'`,
    );
    expect(prepared).toEqual([{ statement: 'select $1::int as seven' }]);
  });
});
