import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealAll } from '../../src/features/operations/audit.ts';
import { readAuditHead } from '../../src/features/operations/audit-store.ts';
import { createKeys } from '../../src/platform/keys.ts';
import { checkDump, dumpDatabase, loadDatabase, whyNotRestore } from '../../src/platform/postgres/backup.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate, migrationsFolder } from '../../src/platform/postgres/migrate.ts';
import { json, sql } from '../../src/platform/postgres/sql.ts';
import { readSealed, writeSealed } from '../../src/platform/sealed-file.ts';
import { ageDecrypt, hasAge } from '../support/age.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { writeFormer } from '../support/former-backup.ts';
import { kabinet } from '../support/kabinet.ts';
import { pendingMigrations } from '../support/pending-migrations.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

// The restore drill: everything is written to one file while people keep saving, and comes back
// unchanged or not at all.

const silent = { info: () => undefined };
let service: TestService;
let other: FreshDatabase;
let folder: string;
let holderId: string;

beforeAll(async () => {
  service = await startService({}, { work: false });
  other = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'kabinet-backup-'));
  for (let one = 0; one < 3; one += 1) {
    const person = inventPerson(one);
    await service.enrol(person);
    await (await signedIn(service, person)).get('/services/requisites');
  }
  const row = await service.database.first<{ holderId: string }>(
    sql`select holder_id as "holderId" from cabinet.holder order by iin limit 1`,
  );
  holderId = row?.holderId ?? '';
  // Characters that COPY must escape, and bytes.
  const address = 'tab\t newline\n return\r backslash\\ \\. \\N ә "quoted"';
  await service.database.run(
    sql`update cabinet.requisites set address = ${address} where holder_id = ${holderId}`,
  );
  await service.database.run(sql`
    insert into cabinet.draft values (${holderId}, 'requisites', ${Buffer.from([0, 10, 92, 255])}, now() + interval '1 day')`);
  // Enough that no compression makes a backup shorter than two pieces.
  await service.database.run(sql`
    insert into cabinet.security_event (holder_id, kind, request_id)
    select ${holderId}, 'signed-out', md5(n::text) || md5((-n)::text) from generate_series(1, 1500) n`);
  await sealAll(service.database, service.keys);
});

afterAll(async () => {
  await service.close();
  await other.drop();
  await rm(folder, { recursive: true });
});

const file = (name: string) => join(folder, name);

/** A hash of each table's rows, independent of their order. */
async function hashes(database: Database): Promise<Record<string, string>> {
  const tables = await database.rows<{ name: string }>(sql`
    select schemaname || '.' || tablename as name from pg_tables
    where schemaname in ('cabinet', 'fund') or (schemaname, tablename) = ('public', 'migration') order by 1`);
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    const text = `select md5(coalesce(string_agg(t::text, chr(10) order by t::text collate "C"), '')) as hash, count(*) as rows from ${name} t`;
    const row = await database.first<{ hash: string; rows: number }>({ text, values: [] });
    found[name] = `${row?.rows} ${row?.hash}`;
  }
  return found;
}

async function restoreAndCompare(path: string, before: Record<string, string>): Promise<void> {
  const restored = await kabinet(other.connection, ['restore', path, '--replace']);
  expect(restored).toMatchObject({ code: 0 });
  expect(await there(hashes)).toEqual(before);
}

/**
 * Queries the other database and closes the connection, because a restore is refused while a
 * service has one.
 */
async function there<Value>(work: (database: Database) => Promise<Value>): Promise<Value> {
  const database = openDatabase(other.connection);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/**
 * Saves without pause until it is stopped. Each save writes a change and its message in one
 * transaction.
 */
function keepSaving(database: Database): { stop(): Promise<number> } {
  let going = true;
  let saved = 0;
  const running = (async () => {
    for (; going; saved += 1)
      await database.run(sql`
        with made as (
          insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
          values (${holderId}, ${`R-${saved}`}, 2, 'holder', 'codes', ${json([])}::jsonb, 'r') returning change_id)
        insert into cabinet.outbox (holder_id, lane, change_id, payload) select ${holderId}, 'fund', change_id, '{}' from made`);
  })();
  return {
    async stop() {
      going = false;
      await running;
      return saved;
    },
  };
}

test('a backup under load is one snapshot; after a restore nothing is half-written', async () => {
  const load = keepSaving(service.database);
  const made = await kabinet(service.connection, ['backup', file('under-load')]);
  expect(made).toMatchObject({ code: 0 });
  expect(made.out).toMatch(/^\S+: [0-9.]+ MB in [0-9.]+ s\n$/);
  const saved = await load.stop();
  expect(
    await there((database) => pendingMigrations(database)),
    'a database that was migrated and never used is empty',
  ).toEqual([]);
  const restored = await kabinet(other.connection, ['restore', file('under-load')]);
  expect(restored).toMatchObject({ code: 0, out: expect.stringMatching(/^restored to .+Z in [0-9.]+ s\n$/) });
  const found = await there((database) =>
    database.first<{ changes: number; messages: number; pairs: number }>(sql`
    select (select count(*) from cabinet.change) as changes,
      (select count(*) from cabinet.outbox where lane = 'fund') as messages,
      (select count(*) from cabinet.change join cabinet.outbox using (change_id)) as pairs`),
  );
  expect(found?.changes).toBeGreaterThan(0);
  expect(found?.changes).toBeLessThan(saved);
  expect(found).toEqual({ changes: found?.changes, messages: found?.changes, pairs: found?.changes });
});

test('every table comes back as it was, the log verifies, and the service works', async () => {
  await sealAll(service.database, service.keys);
  const head = await readAuditHead(service.database);
  await writeSealed(file('whole'), service.keys, dumpDatabase(service.connection));
  const before = await hashes(service.database);
  expect(Object.keys(before).length).toBeGreaterThan(25);
  expect(await whyNotRestore(other.connection, { replace: false })).toContain('is not empty');

  await restoreAndCompare(file('whole'), before);
  const verdict = await kabinet(other.connection, ['audit', 'verify', '--head', head?.head ?? '']);
  expect(verdict).toMatchObject({ code: 0, out: expect.stringContaining('nothing was altered') });

  const highest = sql`select max(outbox_id) as id from cabinet.outbox`;
  const given = await service.database.first<{ id: number }>(highest);
  const next = await there((database) =>
    database.first<{ id: number }>(sql`
    insert into cabinet.outbox (holder_id, lane, payload) values (${holderId}, 'fund', '{}') returning outbox_id as id`),
  );
  expect(next?.id).toBeGreaterThan((given?.id ?? 0) + 1_000_000);
  await expect(
    there((database) => database.run(sql`update cabinet.change set number = 'x'`)),
  ).rejects.toThrow('append-only');
  const orphan = sql`insert into cabinet.security_event (holder_id, kind) values (gen_random_uuid(), 'x')`;
  await expect(there((database) => database.run(orphan))).rejects.toThrow('foreign key');
});

test('a restore is refused while the service runs', async () => {
  expect(await whyNotRestore(service.connection, { replace: true })).toContain('stop it first');
});

test('a backup cannot be read without its key', async () => {
  const bytes = await readFile(file('whole'));
  expect(bytes.includes(inventPerson(0).iin)).toBe(false);
  const stranger = createKeys(['s'.repeat(32)]);
  await expect(checkDump(readSealed(file('whole'), stranger))).rejects.toThrow('no key of SECRET_KEYS opens');
  const rotated = createKeys(['n'.repeat(32), 'k'.repeat(32)]);
  await expect(checkDump(readSealed(file('whole'), rotated))).resolves.toHaveProperty('madeAt');
});

test('only its owner can read a backup, which appears when it is complete', async () => {
  const { mode } = await stat(file('whole'));
  expect(mode & 0o777).toBe(0o600);
  async function* breaking(): AsyncGenerator<Buffer> {
    yield Buffer.from('begun');
    throw new Error('the database is gone');
  }
  await expect(writeSealed(file('broken'), service.keys, breaking())).rejects.toThrow('the database is gone');
  expect((await readdir(folder)).filter((name) => name.startsWith('broken'))).toEqual([]);
});

test('a backup in the former format is restored', async () => {
  await writeFormer(file('former'), service.keys, dumpDatabase(service.connection));
  await restoreAndCompare(file('former'), await hashes(service.database));
  const stranger = createKeys(['s'.repeat(32)]);
  await expect(checkDump(readSealed(file('former'), stranger))).rejects.toThrow(
    'no key of SECRET_KEYS opens',
  );
  const rotated = createKeys(['n'.repeat(32), 'k'.repeat(32)]);
  await expect(checkDump(readSealed(file('former'), rotated))).resolves.toHaveProperty('madeAt');
});

test('a backup that was encrypted to a public key is refused: anybody could have made it', async () => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
  await writeFile(file('forged'), await encrypter.encrypt('rows of a stranger'));
  await expect(checkDump(readSealed(file('forged'), service.keys))).rejects.toThrow('no key of SECRET_KEYS');
});

test.runIf(hasAge())('age opens a backup with the passphrase that the command prints', async () => {
  const printed = await kabinet(service.connection, ['backup', 'passphrase']);
  expect(printed).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^([0-9A-F]{2}:){15}[0-9A-F]{2}\n$/),
    err: '',
  });
  const wrong = await ageDecrypt(file('whole'), file('opened'), printed.out.trim().replace(/^../, 'no'));
  expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('incorrect passphrase') });
  const opened = await ageDecrypt(file('whole'), file('opened'), printed.out.trim());
  expect(opened).toMatchObject({ code: 0 });
  const dump = createReadStream(file('opened')).pipe(createGunzip());
  await expect(checkDump(dump)).resolves.toHaveProperty('madeAt');
});

/**
 * The header of each format, so that the tests can damage the file before, in and after its pieces.
 */
const formats = [
  { format: 'age', write: writeSealed, header: /^age[\s\S]*?\n--- .*\n[\s\S]{16}/ },
  { format: 'the former format', write: writeFormer, header: /^kabinet.*\n.*\n/ },
];

test.each(formats)(
  'a backup that was cut or altered anywhere is refused before anything is written: $format',
  async ({ write, header: pattern }) => {
    const keys = service.keys;
    // More than one piece of 64 KiB, with an end that is not on the edge of a piece.
    await write(file('long'), keys, dumpDatabase(service.connection));
    const bytes = await readFile(file('long'));
    const damaged = file('damaged');
    const check = async (changed: Buffer) => {
      await writeFile(damaged, changed);
      return await checkDump(readSealed(damaged, keys));
    };
    const header = pattern.exec(bytes.toString('latin1', 0, 512))?.[0].length ?? 0;
    const piece = 64 * 1024 + 16;
    expect(bytes.length).toBeGreaterThan(header + piece);
    await expect(check(bytes)).resolves.toHaveProperty('madeAt');
    for (const length of [0, 5, header - 1, header, header + 15, header + piece, bytes.length - 1])
      await expect(check(bytes.subarray(0, length)), `cut to ${length}`).rejects.toThrow(
        /cut|no backup|no key/,
      );
    for (const at of [3, header - 8, header, header + piece + 3, bytes.length - 1]) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      await expect(check(altered), `byte ${at}`).rejects.toThrow(/cut|no backup|no key/);
    }
    const swapped = Buffer.concat([bytes.subarray(0, header), bytes.subarray(header + piece)]);
    await expect(check(swapped)).rejects.toThrow('cut or altered');

    const before = await there(hashes);
    await writeFile(damaged, bytes.subarray(0, bytes.length - 1));
    const refused = await kabinet(other.connection, ['restore', damaged, '--replace']);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('cut or altered') });
    expect(await there(hashes)).toEqual(before);
  },
);

test('a backup of a former version is loaded and then migrated', async () => {
  const former = await freshDatabase();
  const migrations = file('former-migrations');
  await mkdir(migrations);
  for (const name of (await readdir(migrationsFolder)).filter((one) => one < '060'))
    await copyFile(join(migrationsFolder, name), join(migrations, name));
  await former.database.run(sql`drop schema cabinet, fund cascade`);
  await former.database.run(sql`drop table public.migration`);
  await migrate(former.connection, silent, migrations);
  await former.database.run(sql`insert into cabinet.holder (iin) values ('900101300007')`);
  await loadDatabase(other.connection, dumpDatabase(former.connection), silent);
  await former.drop();
  expect(await pendingMigrations(other.database)).toEqual([]);
  expect(await other.database.rows(sql`select iin from cabinet.holder`)).toEqual([{ iin: '900101300007' }]);
});
