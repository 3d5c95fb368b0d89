import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { pendingMigrations } from '../../../test/support/pending-migrations.ts';
import { migrate } from './migrate.ts';
import { sql } from './sql.ts';

let fresh: FreshDatabase;
let folder: string;
const told: string[] = [];
const log = { info: (message: string) => told.push(message) };

beforeEach(async () => {
  fresh = await freshDatabase();
  // As before the first start: the database only has what the test creates.
  await fresh.database.run(sql`drop schema cabinet cascade`);
  await fresh.database.run(sql`drop schema fund cascade`);
  await fresh.database.run(sql`drop table public.migration`);
  folder = await mkdtemp(join(tmpdir(), 'kabinet-migrations-'));
  told.length = 0;
});

afterEach(async () => {
  await fresh.drop();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFile(join(folder, name), text);
const bring = () => migrate(fresh.connection, log, folder);
const pending = () => pendingMigrations(fresh.database, folder);

describe('migrate', () => {
  test('runs each new file once, in order', async () => {
    await write('001-first.sql', 'create table public.first (x int); insert into first values (1);');
    await write('002-second.sql', 'alter table public.first add y int;');
    expect(await pending()).toEqual(['001-first', '002-second']);
    expect(await bring()).toEqual(['001-first', '002-second']);
    expect(await pending()).toEqual([]);
    await write('003-third.sql', 'update first set y = x + 1;');
    expect(await pending()).toEqual(['003-third']);
    expect(await bring()).toEqual(['003-third']);
    expect(await fresh.database.rows(sql`select x, y from first`)).toEqual([{ x: 1, y: 2 }]);
    expect(told).toEqual(['Migration 001-first ran', 'Migration 002-second ran', 'Migration 003-third ran']);
  });

  test('nodes that start together run each file once', async () => {
    await write('001-first.sql', 'create table public.first (x int); insert into first values (1);');
    const ran = await Promise.all(Array.from({ length: 8 }, bring));
    expect(ran.flat()).toEqual(['001-first']);
    expect(await fresh.database.rows(sql`select x from first`)).toEqual([{ x: 1 }]);
  });

  test('runs a file outside a transaction once, between its neighbours, when nodes start together', async () => {
    await write('001-first.sql', 'create table public.first (x int);');
    await write(
      '002-index.sql',
      '-- outside a transaction\n-- Why: it is large.\ndrop index concurrently if exists first_x;\ncreate index concurrently first_x on first (x);\n',
    );
    await write('003-third.sql', 'alter table public.first add y int;');
    const ran = await Promise.all(Array.from({ length: 4 }, bring));
    expect(ran.flat()).toEqual(['001-first', '002-index', '003-third']);
    // What may take long is named before it begins.
    expect(told[0]).toMatch(/^002-index\.sql runs beside the service/);
    expect(
      await fresh.database.rows(
        sql`select indisvalid as valid from pg_index where indexrelid = 'public.first_x'::regclass`,
      ),
    ).toEqual([{ valid: true }]);
  });

  test('an index whose build was interrupted is built again', async () => {
    await write('001-first.sql', 'create table public.first (x int); insert into first values (1), (1);');
    const index = (unique: string) =>
      `-- outside a transaction\ndrop index concurrently if exists first_x;\ncreate ${unique} index concurrently first_x on first (x);\n`;
    await write('002-index.sql', index('unique'));
    await expect(bring()).rejects.toThrow('002-index.sql: could not create unique index');
    expect(await pending()).toEqual(['002-index']);
    await write('002-index.sql', index(''));
    expect(await bring()).toEqual(['002-index']);
    expect(
      await fresh.database.rows(
        sql`select indisvalid as valid from pg_index where indexrelid = 'public.first_x'::regclass`,
      ),
    ).toEqual([{ valid: true }]);
  });

  test('runs a whole file, whatever its comments say', async () => {
    await write(
      '001-first.sql',
      '-- Up migration\ncreate table public.first (x int);\n-- Down migration\ninsert into first values (7); -- {x} $1',
    );
    await bring();
    expect(await fresh.database.rows(sql`select x from first`)).toEqual([{ x: 7 }]);
  });

  test('a failure names the file and the line, and leaves nothing of any file', async () => {
    await write('001-first.sql', 'create table public.first (x int);');
    await write('002-second.sql', 'create table public.second (x int);\n\ninsert into third values (1);');
    await expect(bring()).rejects.toThrow(
      /^002-second\.sql: relation "third" does not exist, line 3:\ninsert into third values \(1\);\n {12}\^{4}/,
    );
    expect(await pending()).toEqual(['001-first', '002-second']);
    expect(await fresh.database.first(sql`select to_regclass('public.first') as first`)).toEqual({
      first: null,
    });
  });

  test('a file that was edited after it ran is refused, but not one with other line ends', async () => {
    await write('001-first.sql', 'create table public.first (x int);\n-- one\n');
    await bring();
    await write('001-first.sql', 'create table public.first (x int);\r\n-- one\r\n');
    expect(await bring()).toEqual([]);
    await write('001-first.sql', 'create table public.first (x bigint);\n-- one\n');
    await expect(bring()).rejects.toThrow('edited after it ran here: 001-first.');
  });

  test('an older version of the service starts on a newer database', async () => {
    await write('001-first.sql', 'create table public.first (x int);');
    await write('002-second.sql', 'create table public.second (x int);');
    await bring();
    await rm(join(folder, '002-second.sql'));
    expect(await bring()).toEqual([]);
    expect(await pending()).toEqual([]);
  });

  test.each([
    ['a file without a number', ['first.sql'], 'first.sql is not named NNN-title.sql'],
    ['a file that is no SQL', ['001-first.js'], '001-first.js is not named NNN-title.sql'],
    ['one number twice', ['001-a.sql', '001-b.sql'], 'two migrations are numbered 001'],
  ])('%s is refused', async (_what, names, message) => {
    for (const name of names) await write(name, 'select 1;');
    await expect(bring()).rejects.toThrow(message);
  });

  test('a new number below one that ran is refused', async () => {
    await write('002-second.sql', 'select 1;');
    await bring();
    await write('001-first.sql', 'select 1;');
    await expect(bring()).rejects.toThrow(
      '001-first has not run here, but 002-second has, which comes after it',
    );
  });

  test('gives way when somebody holds a lock, and retries; nobody waits behind it for long', async () => {
    await write('001-first.sql', 'create table public.first (x int); insert into first values (1);');
    await bring();
    await write('002-second.sql', 'alter table public.first add y int;');
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reading = fresh.database.transaction(async (transaction) => {
      await transaction.rows(sql`select x from first`);
      await released;
    });
    const brought = bring();
    await vi.waitFor(() => expect(told).toContainEqual(expect.stringContaining('gave way')), {
      timeout: 30_000,
      interval: 10,
    });
    // The first reader delays the migration, which must not delay other readers.
    expect(await fresh.database.rows(sql`select x from first`)).toEqual([{ x: 1 }]);
    release();
    await reading;
    expect(await brought).toEqual(['002-second']);
  });

  test('starts while a backup reads the list of migrations', async () => {
    await write('001-first.sql', 'create table public.first (x int);');
    await bring();
    const started = await fresh.database.transaction(async (transaction) => {
      await transaction.rows(sql`select name from public.migration`);
      return bring();
    });
    expect(started).toEqual([]);
  });

  test('files that ran before a failed file outside a transaction are also protected from edits', async () => {
    await write('001-first.sql', 'create table public.first (x int);');
    await write(
      '002-index.sql',
      '-- outside a transaction\ncreate index concurrently first_y on first (y);\n',
    );
    await expect(bring()).rejects.toThrow('002-index.sql: column "y" does not exist');
    expect(await pending()).toEqual(['002-index']);
    await write('001-first.sql', 'create table public.first (y int);');
    await expect(bring()).rejects.toThrow('edited after it ran here: 001-first.');
  });

  test('further migrations of a newer version leave this version ready', async () => {
    await write('001-first.sql', 'create table public.first (x int);');
    await bring();
    const newer = await mkdtemp(join(tmpdir(), 'kabinet-migrations-newer-'));
    onTestFinished(() => rm(newer, { recursive: true }));
    await cp(folder, newer, { recursive: true });
    await writeFile(join(newer, '002-second.sql'), 'alter table public.first add y int;');
    await migrate(fresh.connection, log, newer);
    expect(await pending()).toEqual([]);
    expect(await bring()).toEqual([]);
  });

  test('prints nothing on the console', async () => {
    const written: unknown[] = [];
    for (const way of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, way).mockImplementation((...words) => written.push(...words));
    }
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    await write('001-first.sql', 'select 1;');
    await bring();
    await write('002-second.sql', 'select wrong;');
    await expect(bring()).rejects.toThrow('column "wrong" does not exist');
    expect(written).toEqual([]);
  });
});
