import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { createKeys } from '../../platform/keys.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { sealAll } from './audit.ts';
import { readReadings } from './readings-store.ts';

let fresh: FreshDatabase;

beforeEach(async () => {
  fresh = await freshDatabase();
});

afterEach(() => fresh.drop());

const read = () => readReadings(fresh.database, { idleMinutes: 15, maxHours: 12, eventYears: 3 });

test('every queue and purpose is present with zero when nothing has happened', async () => {
  const { lanes, codes, overdue, ...rest } = await read();
  expect(overdue.map(({ kind }) => kind)).toContain('security_event');
  expect(overdue.filter(({ seconds }) => seconds > 0)).toEqual([]);
  expect(lanes.map(({ lane }) => lane).sort()).toEqual(['code', 'fund', 'notice', 'reminder']);
  expect(lanes.map(({ pending, oldestSeconds, dead }) => pending + oldestSeconds + dead)).toEqual([
    0, 0, 0, 0,
  ]);
  expect(codes.map(({ sent, used }) => [sent, used])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(rest).toEqual({
    tries: { right: 0, wrong: 0 },
    alerts: [],
    jobs: [],
    sealSeconds: undefined,
    sessions: 0,
  });
});

test('waiting, dead and sent messages and open alerts are counted, and finished ones are not', async () => {
  await fresh.database.run(sql`
    with h as (insert into cabinet.holder (iin) values ('900101300007') returning holder_id),
    o as (
      insert into cabinet.outbox (holder_id, lane, payload, created_at, delivered_at, dead_at)
      select holder_id, lane, '{}', now() - age::interval, delivered, dead from h,
        (values ('fund', '90 seconds', null::timestamptz, null::timestamptz), ('fund', '5 seconds', null, null),
          ('fund', '1 day', now(), null), ('notice', '1 day', null, now()), ('later', '0', null, null))
        as v (lane, age, delivered, dead)),
    c as (
      insert into cabinet.code (holder_id, purpose, channel, destination, created_at, expires_at, used_at)
      select holder_id, 'recover', 'mobile', '+77015550001', now() - age::interval, now(), used from h,
        (values ('0', now()), ('10 minutes', null), ('2 hours', now())) as v (age, used)),
    s as (
      insert into cabinet.session (session_hash, holder_id, method, short_name, device, seen_at, ended_at)
      select hash::bytea, holder_id, 'password', '', '', now() - age::interval, ended from h,
        (values ('a', '0', null::timestamptz), ('b', '20 minutes', null), ('c', '0', now())) as v (hash, age, ended)),
    t as (insert into cabinet.code_outcome values (date_trunc('minute', now()), 5, 2), (now() - interval '2 hours', 9, 9))
    insert into cabinet.alert (kind, ended_at) values ('code-guessing', null), ('code-guessing', now()), ('mobile-of-many', now())`);
  await sealAll(fresh.database, createKeys(['k'.repeat(32)]));
  const { lanes, codes, tries, alerts, sealSeconds, sessions } = await read();
  const of = (name: string) => lanes.find(({ lane }) => lane === name);
  expect(of('fund')).toMatchObject({ pending: 2, dead: 0 });
  expect(of('fund')?.oldestSeconds).toBeGreaterThanOrEqual(90);
  expect(of('fund')?.oldestSeconds).toBeLessThan(150);
  expect(of('notice')).toMatchObject({ pending: 0, oldestSeconds: 0, dead: 1 });
  expect(of('later'), 'an unknown lane').toMatchObject({ pending: 1 });
  expect(codes.find(({ purpose }) => purpose === 'recover')).toMatchObject({ sent: 2, used: 1 });
  expect(tries).toEqual({ right: 3, wrong: 2 });
  expect(alerts).toEqual([{ kind: 'code-guessing', open: 1 }]);
  expect(sealSeconds).toBeGreaterThanOrEqual(0);
  expect(sessions).toBe(1);
});
