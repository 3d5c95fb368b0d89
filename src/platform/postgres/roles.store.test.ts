import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { injectClient } from '../../../test/support/client.ts';
import { type FreshDatabase, freshDatabase, serverOfTests } from '../../../test/support/database.ts';
import { inventPerson } from '../../../test/support/people.ts';
import { enrol } from '../../../test/support/service.ts';
import { formOf, signIn } from '../../../test/support/signed-in.ts';
import { readConfig } from '../../config/config.ts';
import { sealAll, verifyAudit } from '../../features/operations/audit.ts';
import { sealedTables } from '../../features/operations/audit-store.ts';
import { sweep } from '../../features/operations/housekeeping.ts';
import { retireEvents } from '../../features/operations/retire-events-store.ts';
import { createInstance } from '../../instance.ts';
import { createKeys } from '../keys.ts';
import { checkDump, dumpDatabase } from './backup.ts';
import { type Database, openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { grantService, logTables, mayAlterLog } from './roles.ts';
import { sql } from './sql.ts';

// Runs the service with its own role, which owns nothing. Everything works, and the role cannot
// alter the audit log.

const role = `service_${randomBytes(4).toString('hex')}`;
const keys = createKeys(['k'.repeat(32)]);
let fresh: FreshDatabase;
let service: Database;

const asOwner = (text: string) => fresh.database.run({ text, values: [] });
const asService = (text: string) => service.run({ text, values: [] });

beforeAll(async () => {
  fresh = await freshDatabase();
  await asAdministrator(`create role ${role} login`);
  service = openDatabase({ ...fresh.connection, user: role });
  expect(await grantService(fresh.database, role)).toBe(undefined);
  // Seal this before anything else happens, so that the seal contains nothing newer.
  const holder = await fresh.database.first<{ id: string }>(sql`
    insert into cabinet.holder (iin) values ('000000000000') returning holder_id as id`);
  await fresh.database.run(sql`
    insert into cabinet.security_event (holder_id, kind, made_at) values (${holder?.id}, 'old', now() - interval '4 years')`);
  await sealAll(service, keys);
});

afterAll(async () => {
  await service.close();
  await asOwner(`drop owned by ${role}`).catch(() => undefined);
  await fresh.drop();
});

/** Only the server's superuser can create roles. */
async function asAdministrator(text: string): Promise<void> {
  const { administration } = await serverOfTests();
  const database = openDatabase({ ...administration, database: fresh.connection.database }, { max: 1 });
  try {
    await database.run({ text, values: [] });
  } finally {
    await database.close();
  }
}

test('every sealed table is among the log tables', () => {
  for (const source of Object.keys(sealedTables)) expect(logTables).toContain(source);
});

test('the service runs with the role: start without migrations, sign-in, save, seals, maintenance', async () => {
  expect(await migrate({ ...fresh.connection, user: role }, { info: () => undefined })).toEqual([]);
  const person = inventPerson(9_990);
  await enrol(fresh.database, person);
  const app = await createInstance({
    config: readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }),
    database: service,
    log: pino({ level: 'silent' }),
  });
  try {
    const client = injectClient(app.server);
    await signIn(client, person);
    const page = await client.get('/services/requisites');
    const saved = await client.post(
      '/services/requisites',
      formOf(page.body, '/services/requisites', { apartment: '3' }),
    );
    expect(saved.headers['location']).toMatch(/^\/receipts\//);
    expect((await app.server.inject('/health/ready')).statusCode).toBe(200);
  } finally {
    await app.close();
  }
  await sealAll(service, keys);
  expect(await verifyAudit(service, keys)).toMatchObject({ ok: true });
  const failed: string[] = [];
  await sweep(service, { onError: (kind) => failed.push(kind) });
  expect(failed).toEqual([]);
});

test('the role makes a complete backup, with the sequences', async () => {
  const dump = dumpDatabase({ ...fresh.connection, user: role });
  expect(await checkDump(dump)).toMatchObject({ madeAt: expect.stringMatching(/^20/) });
});

describe('refused', () => {
  test.each(logTables)('every alteration of %s', async (table) => {
    for (const statement of [
      `delete from cabinet.${table}`,
      `truncate cabinet.${table} cascade`,
      `alter table cabinet.${table} disable trigger all`,
      `drop table cabinet.${table} cascade`,
      `create trigger x before insert on cabinet.${table} execute function cabinet.refuse_alteration()`,
    ])
      await expect(asService(statement), statement).rejects.toMatchObject({ code: '42501' });
    const column = await service.first<{ name: string }>(sql`
      select column_name as name from information_schema.columns
      where table_schema = 'cabinet' and table_name = ${table} limit 1`);
    await expect(asService(`update cabinet.${table} set ${column?.name} = default`)).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('every way around that', async () => {
    for (const statement of [
      `set session_replication_role = replica`,
      `set role ${fresh.connection.user}`,
      `create or replace function cabinet.refuse_alteration() returns trigger language plpgsql as 'begin return new; end'`,
      `drop function cabinet.refuse_alteration() cascade`,
      `select cabinet.retire_security_events(array[1])`,
    ])
      await expect(asService(statement), statement).rejects.toMatchObject({ code: '42501' });
    // PostgreSQL only warns about a grant that has no effect.
    await asService(`grant delete on cabinet.audit_seal to ${role}`);
    await expect(asService('delete from cabinet.audit_seal')).rejects.toMatchObject({ code: '42501' });
  });
});

test('the role can remove expired events, and only those', async () => {
  await fresh.database.run(sql`
    update cabinet.audit_seal set complete_until = now() - interval '3 years 2 days'
    where seal_id = (select seal_id from cabinet.audit_entry e join cabinet.security_event t on t.event_id::text = e.row_id
      where e.source = 'security_event' and t.kind = 'old')`);
  expect(await retireEvents(service, 3)).toBeGreaterThan(0);
  const left = await service.first<{ left: number }>(
    sql`select count(*)::int as left from cabinet.security_event where kind = 'old'`,
  );
  expect(left?.left).toBe(0);
});

test('some roles get no rights, and the service knows who may alter the log', async () => {
  expect(await grantService(fresh.database, 'x"; drop')).toBe('badName');
  expect(await grantService(fresh.database, 'nobody_here')).toBe('unknownRole');
  expect(await grantService(fresh.database, fresh.connection.user)).toBe('ownRole');
  expect(await mayAlterLog(service)).toBe(false);
  expect(await mayAlterLog(fresh.database)).toBe(true);
});
