import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealAll } from '../../src/features/operations/audit.ts';
import { createHeadFile, readHead } from '../../src/features/operations/audit-head-file.ts';
import { readAuditHead } from '../../src/features/operations/audit-store.ts';
import { createKeys } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';

// With a head that is kept outside the database, the removal of the newest seals is noticed.

const secret = 'k'.repeat(32);
const folder = mkdtempSync(join(tmpdir(), 'kabinet-'));
const file = join(folder, 'heads');
let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
  const holder = await fresh.database.first<{ id: string }>(
    sql`insert into cabinet.holder (iin) values ('000000000000') returning holder_id as id`,
  );
  const keep = createHeadFile(file, (error) => {
    throw error;
  });
  for (const kind of ['one', 'two', 'three']) {
    await fresh.database.run(
      sql`insert into cabinet.security_event (holder_id, kind) values (${holder?.id}, ${kind})`,
    );
    await sealAll(fresh.database, createKeys([secret]), keep);
  }
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await fresh.drop();
});

const verify = (environment: Readonly<Record<string, string>>, ...more: readonly string[]) =>
  kabinet(fresh.connection, ['audit', 'verify', ...more], { SECRET_KEYS: secret, ...environment });

test('each seal adds a line, and the last one is the head', async () => {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThanOrEqual(3);
  const head = await readAuditHead(fresh.database);
  expect(readHead(file)).toEqual({ seal: head?.seal, head: head?.head });
});

test('a file that cannot be written is reported, and nothing is thrown', () => {
  const told: string[] = [];
  const keep = createHeadFile(join(folder, 'missing', 'heads'), ({ message }) => told.push(message));
  keep({ seal: 1, sealedAt: '2026-11-28T00:00:00Z', head: 'a'.repeat(64) });
  expect(told).toEqual([expect.stringContaining('ENOENT')]);
  expect(readHead('nothing')).toBe(undefined);
});

test('verify says what it cannot find without a head, and finds removed seals with the one the service keeps', async () => {
  const whole = await verify({ AUDIT_HEAD_FILE: file });
  expect(whole.code).toBe(0);
  expect(whole.err).not.toContain('newest seals');
  // Only the owner of the tables can do this, not the service's role.
  const newest = sql`(select max(seal_id) from cabinet.audit_seal)`;
  await fresh.database.run(sql`delete from cabinet.audit_entry where seal_id = ${newest}`);
  await fresh.database.run(sql`delete from cabinet.audit_seal where seal_id = ${newest}`);

  const blind = await verify({});
  expect(blind.code).toBe(0);
  expect(blind.err).toContain('newest seals');
  const seeing = await verify({ AUDIT_HEAD_FILE: file });
  expect(seeing.code).toBe(1);
  expect((await verify({}, '--head', file)).code).toBe(1);
});
