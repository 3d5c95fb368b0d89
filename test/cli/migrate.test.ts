import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrationsFolder } from '../../src/platform/postgres/migrate.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';

// Commands leave the tables unchanged. Only `migrate` and the service update them.

let fresh: FreshDatabase;
let folder: string;
let people: string;

beforeAll(async () => {
  fresh = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'kabinet-migrate-'));
  people = join(folder, 'people.jsonl');
  await writeFile(people, JSON.stringify(inventPerson(1)));
});

afterAll(async () => {
  await fresh.drop();
  await rm(folder, { recursive: true });
});

/**
 * Leaves the database as the release before the last migration did, and gives that migration's
 * name.
 */
async function forgetLast(): Promise<string> {
  const former = join(folder, 'former');
  await mkdir(former);
  const files = (await readdir(migrationsFolder)).sort();
  for (const file of files.slice(0, -1)) await copyFile(join(migrationsFolder, file), join(former, file));
  await fresh.database.run(sql`drop schema cabinet, fund cascade`);
  await fresh.database.run(sql`drop table public.migration`);
  await migrate(fresh.connection, { info: () => undefined }, former);
  return files.at(-1)?.replace(/\.sql$/, '') ?? '';
}

test('a database without the last migration: commands say what is missing and change nothing', async () => {
  const last = await forgetLast();
  for (const command of [
    ['people', 'import', people],
    ['audit', 'verify'],
    ['messages', 'list'],
  ]) {
    const { code, err } = await kabinet(fresh.connection, command);
    expect({ command, code, err }).toMatchObject({
      code: 1,
      err: expect.stringMatching(new RegExp(`0\\.1\\.0.*${last}.*kabinet migrate`)),
    });
  }
  const backup = await kabinet(fresh.connection, ['backup', join(folder, 'before.backup')]);
  expect(backup).toMatchObject({ code: 0 });
  const migrated = await kabinet(fresh.connection, ['migrate']);
  expect(migrated).toMatchObject({ code: 0, out: `${last}\n1 migrations ran\n`, err: '' });
  expect(await kabinet(fresh.connection, ['migrate'])).toMatchObject({ code: 0, out: 'nothing to do\n' });
  expect(await kabinet(fresh.connection, ['people', 'import', people])).toMatchObject({ code: 0 });
});

test('a database of a newer release: the command names that release and continues', async () => {
  await fresh.database.run(sql`insert into public.migration (name, run_on) values ('999-later', now())`);
  await fresh.database.run(sql`
    insert into cabinet.schema_release (release, brought_at) values ('0.9.0', now() + interval '1 minute')`);
  const { code, err } = await kabinet(fresh.connection, ['messages', 'list']);
  expect({ code, err }).toMatchObject({
    code: 0,
    err: expect.stringContaining('release 0.9.0, and this is 0.1.0'),
  });
  await fresh.database.run(sql`delete from public.migration where name = '999-later'`);
});

test('a database without tables: with DATABASE_URL, "migrate" is needed; an unused embedded one gets its tables', async () => {
  const empty = await freshDatabase();
  try {
    await empty.database.run(sql`drop schema cabinet, fund cascade`);
    await empty.database.run(sql`drop table public.migration`);
    expect(await kabinet(empty.connection, ['messages', 'list'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no tables yet.*kabinet migrate/),
    });
  } finally {
    await empty.drop();
  }
  const embedded = { DATABASE_URL: '', VAR_DIR: join(folder, 'var') };
  expect(await kabinet(fresh.connection, ['people', 'import', people], embedded)).toMatchObject({
    code: 0,
    out: '1 read, 1 added, 0 changed, 0 unchanged\n',
  });
});
