import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { createKeys } from '../../platform/keys.ts';
import { openDatabase } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import { type KeptAuditHead, sealAll, verifyAudit } from './audit.ts';
import { auditSources, readAuditHead, sealedTables } from './audit-store.ts';
import { retireEvents } from './retire-events-store.ts';

// The tables of the log refuse changes, and verification names what somebody changed in spite of
// that.

const keys = createKeys(['k'.repeat(32)]);
/** One seal closes no more rows than this. */
const most = 5_000;
let fresh: FreshDatabase;
let holderId: string;

beforeEach(async () => {
  fresh = await freshDatabase();
  const holder = await fresh.database.first<{ holderId: string }>(
    sql`insert into cabinet.holder (iin) values ('900101300007') returning holder_id as "holderId"`,
  );
  holderId = holder?.holderId ?? '';
});

afterEach(() => fresh.drop());

const seal = () => sealAll(fresh.database, keys);
const verify = (kept?: KeptAuditHead, by = keys) => verifyAudit(fresh.database, by, kept);

/** Writes security events and returns the number of the last. */
async function addEvents(count = 1, ago = '0 seconds'): Promise<number> {
  const rows = await fresh.database.rows<{ id: number }>(sql`
    insert into cabinet.security_event (holder_id, kind, detail, made_at)
    select ${holderId}, 'signed-in', jsonb_build_object('n', n), now() - ${ago}::interval from generate_series(1, ${count}) n
    returning event_id as id`);
  return rows.at(-1)?.id ?? 0;
}

async function change(number = 'R-1'): Promise<string> {
  const row = await fresh.database.first<{ id: string }>(sql`
    insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
    values (${holderId}, ${number}, 2, 'holder', 'codes', ${json([{ field: 'email', old: null, new: 'a@example.kz' }])}::jsonb, 'r')
    returning change_id as id`);
  return row?.id ?? '';
}

async function sign(): Promise<number> {
  const row = await fresh.database.first<{ id: number }>(sql`
    insert into cabinet.eds_evidence (holder_id, purpose, content, cms, certificate_sha256, certificate_serial, certificate_until,
      revocation_source, request_id, challenged_at)
    values (${holderId}, 'sign-in', 'text', 'message', 'f0', '01', now() + interval '1 year', 'crl', 'r', now())
    returning evidence_id as id`);
  return row?.id ?? 0;
}

/** Acts as an owner of the tables who switches the refusal off. */
async function tamper(table: string, statement: string): Promise<void> {
  await fresh.database.transaction(async (transaction) => {
    const run = (text: string) => transaction.run({ text, values: [] });
    await run(`alter table cabinet.${table} disable trigger user`);
    expect(await run(statement)).toBeGreaterThan(0);
    await run(`alter table cabinet.${table} enable trigger user`);
  });
}

describe('the tables refuse', () => {
  test.each([
    ['security_event', 'kind = kind'],
    ['change', 'number = number'],
    ['eds_evidence', 'cms = cms'],
  ])('%s: update, delete and truncate', async (table, set) => {
    await Promise.all([addEvents(), change(), sign()]);
    for (const text of [
      `update cabinet.${table} set ${set}`,
      `delete from cabinet.${table}`,
      `truncate cabinet.${table} cascade`,
      `set local cabinet.retention = 'on'; delete from cabinet.${table}`,
    ]) {
      const attempt = fresh.database.transaction((transaction) => transaction.run({ text, values: [] }));
      await expect(attempt, text).rejects.toThrow('append-only');
    }
  });

  test('every column of them is sealed', async () => {
    const rows = await fresh.database.rows<{ table: string; columns: string[] }>(sql`
      select table_name as table, array_agg(column_name::text order by ordinal_position) as columns
      from information_schema.columns where table_schema = 'cabinet' and table_name = any(${[...auditSources]}::text[])
      group by table_name`);
    const stored = Object.fromEntries(rows.map(({ table, columns }) => [table, columns]));
    const sealed = Object.fromEntries(auditSources.map((name) => [name, sealedTables[name].columns]));
    expect(stored).toEqual(sealed);
  });
});

describe('sealed rows', () => {
  test('verify, also across a change of keys, and give their head', async () => {
    await Promise.all([addEvents(3), change(), sign()]);
    await seal();
    const rotated = createKeys(['n'.repeat(32), 'k'.repeat(32)]);
    await addEvents(2);
    await sealAll(fresh.database, rotated);
    expect(await verify(undefined, rotated)).toMatchObject({
      ok: true,
      rows: 7,
      head: await readAuditHead(fresh.database),
    });
    expect(await verify()).toMatchObject({ ok: false, finding: { what: 'unknown key' } });
  });

  test('contain every row once, when several nodes seal at once while rows are added', async () => {
    const other = openDatabase(fresh.connection, { max: 4 });
    await Promise.all([
      addEvents(2 * most + 1),
      ...[fresh.database, other, other].map((node) => sealAll(node, keys)),
    ]);
    await Promise.all([seal(), sealAll(other, keys), addEvents(10)]);
    await seal();
    await other.close();
    expect(await verify()).toMatchObject({ ok: true, rows: 2 * most + 11 });
  });

  test('include a row with a lower number that commits after the seal', async () => {
    const other = openDatabase(fresh.connection, { max: 1 });
    await other.transaction(async (slow) => {
      await slow.run(sql`insert into cabinet.security_event (holder_id, kind) values (${holderId}, 'slow')`);
      await addEvents();
      await seal();
    });
    await seal();
    await other.close();
    expect(await verify()).toMatchObject({ ok: true, rows: 2 });
  });
});

describe('what verification finds', () => {
  test.each([
    ['security_event', () => addEvents(), `update cabinet.security_event set kind = 'signed-iN'`],
    ['change', () => change(), `update cabinet.change set entries = '[]'`],
    [
      'eds_evidence',
      () => sign(),
      `update cabinet.eds_evidence set cms = set_byte(cms, 0, get_byte(cms, 0) # 1)`,
    ],
  ])('one changed byte of a row of %s', async (table, write, statement) => {
    await addEvents(5);
    const id = await write();
    await seal();
    const last = table === 'security_event' ? ` where event_id = ${id}` : '';
    await tamper(table, statement + last);
    expect(await verify()).toMatchObject({
      ok: false,
      finding: { what: 'altered', table, id: String(id) },
    });
  });

  test('a removed row', async () => {
    const id = await addEvents();
    await addEvents();
    await seal();
    await tamper('security_event', `delete from cabinet.security_event where event_id = ${id}`);
    const finding = { what: 'missing', table: 'security_event', id: String(id) };
    expect(await verify()).toMatchObject({ ok: false, finding });
  });

  test('a row removed together with its entry, and a whole seal of rows removed', async () => {
    const id = await addEvents();
    await addEvents();
    await seal();
    await tamper('security_event', `delete from cabinet.security_event where event_id = ${id}`);
    await fresh.database.run(sql`delete from cabinet.audit_entry where row_id = ${id}::text`);
    expect(await verify()).toMatchObject({ finding: { what: 'chain broken', table: 'security_event' } });
    await tamper('security_event', 'delete from cabinet.security_event');
    await fresh.database.run(sql`delete from cabinet.audit_entry`);
    expect(await verify()).toMatchObject({ finding: { what: 'missing', table: 'security_event' } });
  });

  test('a row added later under an earlier time, before it is sealed and after', async () => {
    await addEvents(1, '2 hours');
    await seal();
    const id = await addEvents(1, '1 hour');
    const finding = { what: 'added after the fact', table: 'security_event', id: String(id) };
    expect(await verify()).toMatchObject({ ok: false, finding });
    await seal();
    expect(await verify(), 'no seal includes it').toMatchObject({ ok: false, finding });
  });

  test('a seal that was altered, removed from the middle, or cut off the end', async () => {
    await addEvents();
    await seal();
    await addEvents();
    await seal();
    const head = await readAuditHead(fresh.database);
    const newest = head?.seal ?? 0;
    expect(await verify(head)).toMatchObject({ ok: true });
    await fresh.database.run(
      sql`update cabinet.audit_seal set sealed_at = sealed_at - interval '1 second' where seal_id = 1`,
    );
    expect(await verify()).toMatchObject({ finding: { what: 'chain broken', seal: 1 } });
    await fresh.database.run(
      sql`update cabinet.audit_seal set sealed_at = sealed_at + interval '1 second' where seal_id = 1`,
    );
    expect(await verify(head)).toMatchObject({ ok: true });
    await fresh.database.run(sql`delete from cabinet.audit_entry where seal_id = ${newest}`);
    await fresh.database.run(sql`delete from cabinet.audit_seal where seal_id = ${newest}`);
    expect(await verify(), 'it cannot be noticed without a kept head').toMatchObject({ ok: true });
    expect(await verify(head)).toMatchObject({ ok: false, finding: { what: 'chain broken' } });
    await fresh.database.run(sql`delete from cabinet.audit_entry where seal_id = 2`);
    await fresh.database.run(sql`delete from cabinet.audit_seal where seal_id = 2`);
    expect(await verify()).toMatchObject({ finding: { what: 'chain broken', seal: 2 } });
  });

  test('a chain made again with another key', async () => {
    const id = await addEvents();
    await seal();
    await tamper('security_event', `update cabinet.security_event set kind = 'other' where event_id = ${id}`);
    await fresh.database.run(sql`delete from cabinet.audit_entry`);
    await fresh.database.run(sql`delete from cabinet.audit_seal`);
    await sealAll(fresh.database, createKeys(['x'.repeat(32)]));
    expect(await verify()).toMatchObject({ finding: { what: 'unknown key', seal: 1 } });
  });
});

describe('events past their term', () => {
  test('are removed by whole seals and recorded, and the log still verifies', async () => {
    await addEvents(most, '4 years');
    await addEvents(most, '2 years');
    await addEvents(3);
    await change();
    await seal();
    expect(await retireEvents(fresh.database, 3)).toBe(most);
    expect(await retireEvents(fresh.database, 3)).toBe(0);
    await seal();
    expect(await verify()).toMatchObject({ ok: true, rows: most + 3 + 1 + 1 });
    const left = sql`select count(*)::int as rows from cabinet.security_event`;
    expect(await fresh.database.first(left)).toEqual({ rows: most + 3 });
  });

  test('a recorded removal of younger events is found', async () => {
    await addEvents(4);
    await seal();
    await tamper('security_event', 'delete from cabinet.security_event');
    await fresh.database.run(sql`delete from cabinet.audit_entry where source = 'security_event'`);
    await fresh.database.run(
      sql`insert into cabinet.audit_retention (source, last_seal, rows) values ('security_event', 99, 4)`,
    );
    await seal();
    expect(await verify()).toMatchObject({ finding: { what: 'missing', table: 'security_event' } });
  });
});
