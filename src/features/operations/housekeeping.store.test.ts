import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { createKeys } from '../../platform/keys.ts';
import { openDatabase, type Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { sealAll } from './audit.ts';
import { sweep } from './housekeeping.ts';
import { type Retention, readOverdue, removalOf, retentions } from './retention-store.ts';

// One row of each kind is a day past its term, and one a day before it.

/** One seal closes no more rows than this. */
const most = 5_000;
let fresh: FreshDatabase;
let holderId: string;

beforeAll(async () => {
  fresh = await freshDatabase();
  const holder = await fresh.database.first<{ holderId: string }>(
    sql`insert into cabinet.holder (iin) values ('900101300007') returning holder_id as "holderId"`,
  );
  holderId = holder?.holderId ?? '';
});

afterAll(() => fresh.drop());

/**
 * Each kind with its term and an insert for a row of that age. `$1` is the holder, `$2` the row's
 * name, `$3` the time.
 */
const kinds: readonly (readonly [table: string, term: string, insert: string, named: string])[] = [
  [
    'failure',
    '0',
    `insert into cabinet.failure (key, expires_at) select $2::bytea, $3::timestamptz where $1::uuid is not null`,
    'key',
  ],
  [
    'allowance',
    '0',
    `insert into cabinet.allowance (key, used, ends_at) select $2::bytea, 1, $3::timestamptz where $1::uuid is not null`,
    'key',
  ],
  ['draft', '0', `insert into cabinet.draft values ($1::uuid, $2::text, '', $3::timestamptz)`, 'form'],
  [
    'entry',
    '1 day',
    `insert into cabinet.entry (entry_hash, kind, asked, language, network, expires_at)
    select $2::bytea, 'register', '', 'kk', '', $3::timestamptz where $1::uuid is not null`,
    'entry_hash',
  ],
  [
    'eds_spent',
    '1 hour',
    `insert into cabinet.eds_spent (nonce, expires_at) select $2::bytea, $3::timestamptz where $1::uuid is not null`,
    'nonce',
  ],
  [
    'passkey_spent',
    '1 hour',
    `insert into cabinet.passkey_spent (nonce, expires_at) select $2::bytea, $3::timestamptz where $1::uuid is not null`,
    'nonce',
  ],
  [
    'sign_in_step',
    '1 hour',
    `insert into cabinet.sign_in_step (step_hash, holder_id, expires_at) values ($2::bytea, $1::uuid, $3::timestamptz)`,
    'step_hash',
  ],
  [
    'authenticator_setup',
    '1 hour',
    `with other as (
      insert into cabinet.holder (iin, language)
      select case $2::text when 'past' then '900000000001' else '900000000002' end, 'kk'
      where $1::uuid is not null returning holder_id)
    insert into cabinet.authenticator_setup (holder_id, secret, expires_at)
    select holder_id, convert_to($2::text, 'UTF8'), $3::timestamptz from other`,
    'secret',
  ],
  [
    'code',
    '30 days',
    `insert into cabinet.code (holder_id, purpose, channel, destination, expires_at)
    values ($1::uuid, 'recover', 'email', $2::text, $3::timestamptz)`,
    'destination',
  ],
  [
    'session',
    '30 days',
    `insert into cabinet.session (session_hash, holder_id, method, short_name, device, started_at, seen_at)
    values ($2::bytea, $1::uuid, 'eds', '', '', $3::timestamptz - interval '12 hours', $3::timestamptz)`,
    'session_hash',
  ],
  [
    'recovery_contact',
    '30 days',
    `insert into cabinet.recovery_contact (holder_id, channel, value, usable_from, usable_until)
    values ($1::uuid, 'email', $2::text, $3::timestamptz, $3::timestamptz)`,
    'value',
  ],
  [
    'outbox',
    '30 days',
    `insert into cabinet.outbox (holder_id, lane, payload, delivered_at, last_error)
    values ($1::uuid, 'notice', '{}', $3::timestamptz, $2::text)`,
    'last_error',
  ],
  [
    'sms_part',
    '30 days',
    `insert into cabinet.sms_part (gateway_id, handed_over_at) select $2::text, $3::timestamptz where $1::uuid is not null`,
    'gateway_id',
  ],
  [
    'message_letters',
    '60 days',
    `insert into cabinet.message_letters (letters_mac, wording_id, day, recipient, handed_over_at)
    select $2::bytea, '', now(), '47', $3::timestamptz where $1::uuid is not null`,
    'letters_mac',
  ],
  [
    'known_device',
    '400 days',
    `insert into cabinet.known_device (holder_id, device_hash, seen_at) values ($1::uuid, $2::bytea, $3::timestamptz)`,
    'device_hash',
  ],
  [
    'alert',
    '1 year',
    `insert into cabinet.alert (kind, ended_at) select $2::text, $3::timestamptz where $1::uuid is not null`,
    'kind',
  ],
];

test.each(kinds)('%s: a row is removed after %s and not before', async (table, term, insert, named) => {
  const at = async (days: number) =>
    (
      await fresh.database.first<{ at: Date }>(
        sql`select now() - ${term}::interval + make_interval(days => ${days}) as at`,
      )
    )?.at;
  await fresh.database.run({ text: insert, values: [holderId, 'past', await at(-1)] });
  await fresh.database.run({ text: insert, values: [holderId, 'before', await at(1)] });
  await sweep(fresh.database);
  const left = await fresh.database.rows<{ name: Buffer | string }>({
    text: `select ${named} as name from cabinet.${table}`,
    values: [],
  });
  expect(left.map(({ name }) => name.toString())).toEqual(['before']);
});

test("security events are removed after the operator's number of years", async () => {
  await fresh.database.run(sql`
    insert into cabinet.security_event (holder_id, kind, made_at)
    select ${holderId}, 'signed-in', now() - interval '5 years' from generate_series(1, ${most}::int)`);
  await fresh.database.run(
    sql`insert into cabinet.security_event (holder_id, kind) values (${holderId}, 'signed-in')`,
  );
  await sealAll(fresh.database, createKeys(['k'.repeat(32)]));
  const count = () => fresh.database.first(sql`select count(*)::int as events from cabinet.security_event`);
  await sweep(fresh.database, { eventYears: 6 });
  expect(await count()).toEqual({ events: most + 1 });
  await sweep(fresh.database, { eventYears: 4 });
  expect(await count()).toEqual({ events: 1 });
});

test('each kind is removed in batches until none is left, and a stopped sweep ends before its next batch', async () => {
  const { database } = fresh;
  await database.run(sql`
    insert into cabinet.failure (key, expires_at)
    select int4send(n), now() - interval '1 hour' from generate_series(1, 25) as n`);
  expect((await sweep(database, { batch: 10, batches: 1 })).get('failure')).toBe(10);
  expect((await sweep(database, { batch: 10, signal: AbortSignal.abort() })).get('failure')).toBe(0);
  expect((await sweep(database, { batch: 10 })).get('failure')).toBe(15);
});

test('a kind that fails is reported, and delays none of the others', async () => {
  const { database, drop } = await freshDatabase();
  onTestFinished(drop);
  await database.run(sql`alter table cabinet.failure rename to failure_away`);
  await database.run(
    sql`insert into cabinet.sms_part (gateway_id, handed_over_at) values ('old', now() - interval '31 days')`,
  );
  const failed: string[] = [];
  const gone = await sweep(database, { onError: (kind) => failed.push(kind) });
  expect(failed).toEqual(['failure']);
  expect(gone.get('sms_part')).toBe(1);
  expect(gone.has('failure')).toBe(false);
});

test('rows past their term are reported as overdue, by kind, and others are not', async () => {
  const { database, drop } = await freshDatabase();
  onTestFinished(drop);
  await database.run(sql`
    insert into cabinet.sms_part (gateway_id, handed_over_at)
    values ('older', now() - interval '32 days'), ('old', now() - interval '31 days'), ('new', now())`);
  await database.run(
    sql`insert into cabinet.failure (key, expires_at) values ('kept', now() + interval '1 hour')`,
  );
  const late = (await readOverdue(database, 3)).filter(({ seconds }) => seconds > 0);
  expect(late.map(({ kind }) => kind)).toEqual(['sms_part']);
  expect(Math.round((late[0]?.seconds ?? 0) / 86_400)).toBe(2);
});

test('two sweeps at once share the rows without waiting for each other', async () => {
  const { database, drop } = await freshDatabase();
  onTestFinished(drop);
  await database.run(sql`
    insert into cabinet.allowance (key, used, ends_at)
    select int4send(n), 1, now() - interval '1 hour' from generate_series(1, 50) as n`);
  await database.transaction(async (transaction) => {
    await transaction.run(sql`select from cabinet.allowance where key = int4send(1) for update`);
    expect((await sweep(database, { batch: 10 })).get('allowance')).toBe(49);
  });
});

// The number of pages read must depend on the rows removed, not on those kept. Removing 4,000 codes
// beside 10,000 entries once took 45 s.
test('a batch reads few pages however many rows are kept, and removing a code scans no entries', async () => {
  const { connection, drop } = await freshDatabase();
  onTestFinished(drop);
  const database = openDatabase(connection, { statementTimeout: 0 });
  onTestFinished(() => database.close());
  await fill(database, 10_000);
  await database.run(sql`analyze`);
  for (const kind of retentions) {
    const { pages, walked } = await measure(database, kind);
    expect({ kind: kind.name, walked }).toEqual({ kind: kind.name, walked: 0 });
    expect(pages, `pages read for ${kind.name}`).toBeLessThan(600);
  }
});

/** Adds `kept` rows of each large kind that are kept, and fifty that are due. */
async function fill(database: FreshDatabase['database'], kept: number): Promise<void> {
  const times = `(select case when n <= 50 then now() - interval '500 days' else now() + n * interval '1 second' end)`;
  const insert = (text: string) => database.run({ text: text.replaceAll(':at', times), values: [kept + 50] });
  const rows = 'from generate_series(1, $1::int) as n';
  await insert(`insert into cabinet.failure (key, expires_at) select int4send(n), :at ${rows}`);
  await insert(`insert into cabinet.allowance (key, used, ends_at) select int4send(n), 1, :at ${rows}`);
  await insert(`insert into cabinet.sms_part (gateway_id, handed_over_at) select n::text, :at ${rows}`);
  await insert(
    `insert into cabinet.message_letters (letters_mac, wording_id, day, recipient, handed_over_at)
     select int4send(n), '', now(), '47', :at ${rows}`,
  );
  await insert(
    `insert into cabinet.inbox (message_id, channel, recipient, language, body, sent_at)
     select n::text, 'email', '', 'kk', '', :at ${rows}`,
  );
  await insert(
    `with h as (insert into cabinet.holder (iin) values ('900101300007') returning holder_id),
     c as (
       insert into cabinet.code (holder_id, purpose, channel, destination, expires_at)
       select holder_id, 'recover', 'email', '', :at ${rows}, h returning code_id),
     d as (insert into cabinet.draft select holder_id, n::text, '', :at ${rows}, h),
     s as (
       insert into cabinet.session (session_hash, holder_id, method, short_name, device, started_at, seen_at)
       select int4send(n), holder_id, 'eds', '', '', :at, :at ${rows}, h),
     v as (insert into cabinet.disavowal (holder_id, created_at) select holder_id, :at ${rows}, h),
     r as (
       insert into cabinet.recovery_contact (holder_id, channel, value, usable_from, usable_until)
       select holder_id, 'email', n::text, now(), :at ${rows}, h),
     k as (
       insert into cabinet.known_device (holder_id, device_hash, seen_at) select holder_id, int4send(n), :at ${rows}, h),
     o as (
       insert into cabinet.outbox (holder_id, lane, payload, delivered_at)
       select holder_id, 'notice', '{}', :at ${rows}, h),
     p as (
       insert into cabinet.outbox (holder_id, lane, payload, dead_at) select holder_id, 'code', '{}', :at ${rows}, h)
     insert into cabinet.entry (entry_hash, kind, asked, language, network, expires_at, code_id)
     select uuid_send(code_id), 'register', '', 'kk', '', now() + interval '1 hour', code_id from c offset 50`,
  );
}

/**
 * Pages read by one batch, and rows of large tables that it or its foreign keys scanned without an
 * index.
 */
async function measure(database: FreshDatabase['database'], kind: Retention) {
  return database.transaction(async (transaction) => {
    const { text, values } = removalOf(kind, 50);
    const walkedBefore = await walkedRows(transaction);
    const plan = await transaction.first<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>({
      text: `explain (analyze, buffers, format json) ${text}`,
      values,
    });
    const { Plan: read = {} } = plan?.['QUERY PLAN'][0] ?? {};
    const pages = (read['Shared Hit Blocks'] ?? Number.NaN) + (read['Shared Read Blocks'] ?? Number.NaN);
    return { pages, walked: (await walkedRows(transaction)) - walkedBefore };
  });
}

async function walkedRows(transaction: Queryable): Promise<number> {
  const row = await transaction.first<{ rows: number }>(sql`
    select coalesce(sum(t.seq_tup_read), 0)::float as rows
    from pg_stat_xact_user_tables t join pg_class c on c.oid = t.relid
    where t.schemaname = 'cabinet' and c.reltuples > 1000`);
  return row?.rows ?? Number.NaN;
}
