import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagedBinaries } from 'local-postgres/programs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Pair, startPair } from '../chaos/standby.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';
import { enrol } from '../support/service.ts';

// A backup of a large database is read from a standby, which has no unlogged tables and is
// read-only.

let pair: Pair;
let primary: Database;
let other: FreshDatabase;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kabinet-standby-'));
  pair = await startPair(await packagedBinaries(join(folder, 'libraries')));
  primary = openDatabase({ connectionString: pair.url });
  other = await freshDatabase();
  await migrate({ connectionString: pair.url }, { info: () => undefined });
  await enrol(primary, inventPerson(1));
  await primary.run(
    sql`insert into cabinet.failure (key, expires_at) values ('', now() + interval '1 hour')`,
  );
});

afterAll(async () => {
  await primary.close();
  await pair.close();
  await other.drop();
  await rm(folder, { recursive: true });
});

const backedUp = () =>
  primary.first<{ at: Date }>(sql`select succeeded_at as at from cabinet.job_success where job = 'backup'`);

async function restore(file: string) {
  const fresh = await freshDatabase();
  try {
    expect(await kabinet(fresh.connection, ['restore', file, '--replace'])).toMatchObject({ code: 0 });
    return await fresh.database.first(sql`
      select (select count(*)::int from fund.person) as people, (select count(*)::int from cabinet.failure) as failures`);
  } finally {
    await fresh.drop();
  }
}

test('from the standby beside the primary: every logged table is in it, and its time is recorded', async () => {
  const file = join(folder, 'one.backup');
  const made = await kabinet(other.connection, ['backup', file], {
    DATABASE_URL: pair.url,
    DATABASE_BACKUP_URL: pair.standbyUrl,
  });
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining(file) });
  expect((await backedUp())?.at).toBeInstanceOf(Date);
  expect(await restore(file)).toEqual({ people: 1, failures: 0 });
});

test('from the standby alone: the backup is good, and the command says that its time is not recorded', async () => {
  await primary.run(sql`delete from cabinet.job_success`);
  const file = join(folder, 'two.backup');
  const made = await kabinet(other.connection, ['backup', file], { DATABASE_URL: pair.standbyUrl });
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('DATABASE_URL is a standby') });
  expect(await backedUp()).toBeUndefined();
  expect(await restore(file)).toEqual({ people: 1, failures: 0 });
});
