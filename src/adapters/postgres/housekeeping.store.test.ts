import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { makeKeys } from '../../keys.ts';
import { sealAll } from '../../modules/operations/audit.ts';
import { auditStore, most } from './audit-store.ts';
import { sweep } from './housekeeping.ts';
import { sql } from './sql.ts';

// Of each kind one row is a day past its term and one a day before it.

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

/** Each kind with its term and how a row comes to be of that age; `$1` is the holder, `$2` the row's name, `$3` the time. */
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
    'code',
    '30 days',
    `insert into cabinet.code (holder_id, purpose, channel, destination, expires_at)
    values ($1::uuid, 'recover', 'email', $2::text, $3::timestamptz)`,
    'destination',
  ],
  [
    'session',
    '30 days',
    `insert into cabinet.session (session_hash, holder_id, method, short_name, device, seen_at)
    values ($2::bytea, $1::uuid, 'eds', '', '', $3::timestamptz)`,
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

test.each(kinds)('%s: past %s a row goes, before it stays', async (table, term, insert, named) => {
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

test('security events go after as many years as the operator says', async () => {
  await fresh.database.run(sql`
    insert into cabinet.security_event (holder_id, kind, made_at)
    select ${holderId}, 'signed-in', now() - interval '5 years' from generate_series(1, ${most}::int)`);
  await fresh.database.run(
    sql`insert into cabinet.security_event (holder_id, kind) values (${holderId}, 'signed-in')`,
  );
  await sealAll(auditStore(fresh.database), makeKeys(['k'.repeat(32)]));
  const count = () => fresh.database.first(sql`select count(*)::int as events from cabinet.security_event`);
  await sweep(fresh.database, 6);
  expect(await count()).toEqual({ events: most + 1 });
  await sweep(fresh.database, 4);
  expect(await count()).toEqual({ events: 1 });
});
