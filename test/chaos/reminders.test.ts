import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { urlOf } from '../../bench/service.ts';
import { todayInAstana } from '../../src/platform/postgres/day.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { bundleNode } from './bundle-node.ts';

// Two processes queue and send the reminders of a day, and are killed again and again meanwhile.

const people = 3_000;
const kills = 10;

let fresh: FreshDatabase;
const running = new Set<ChildProcess>();

beforeAll(() => bundleNode('remind-node'));

beforeEach(async () => {
  fresh = await freshDatabase();
  // Everybody's key ends in thirty days, and everybody has an e-mail address of their own.
  await fresh.database.run(sql`
    with people as (select n, to_char(n, 'FM800000000000') as iin from generate_series(1, ${people}::int) n),
    at_fund as (
      insert into fund.person (iin, surname, name, documents, accounts, requisites, imported, import_hash)
      select iin, 'С', 'А', '[]', '[]', '{}', '{}', '' from people),
    holders as (insert into cabinet.holder (iin) select iin from people returning holder_id, iin),
    contacts as (
      insert into cabinet.requisites (holder_id, email) select holder_id, iin || '@example.kz' from holders)
    insert into cabinet.reminder (holder_id, kind, ends_on, next_on)
    select holder_id, 'key', today + 30, today
    from holders, (select ${todayInAstana} as today) as t`);
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  await fresh.drop();
});

async function start(): Promise<ChildProcess> {
  const child = fork(join(root, 'dist/chaos/remind-node.js'), {
    env: {
      PATH: process.env['PATH'],
      DEMO: '1',
      SECRET_KEYS: 'k'.repeat(32),
      DATABASE_URL: urlOf(fresh.connection),
      REMINDER_HOURS: '0-24',
    },
  });
  running.add(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  running.delete(child);
}

const count = async (of: ReturnType<typeof sql>) =>
  (await fresh.database.first<{ n: number }>(sql`select count(*)::int as n from ${of}`))?.n;

test('everybody gets one reminder, however often the processes are killed', {
  timeout: 180_000,
}, async () => {
  /** What was done at the time of each kill. */
  const seen: number[] = [];
  const places = await Promise.all([start(), start()]);
  for (let n = 0; n < kills; n += 1) {
    await pause(Math.random() * 250);
    const at = n % places.length;
    seen.push((await count(sql`cabinet.inbox`)) ?? 0);
    await kill(places[at] as ChildProcess);
    places[at] = await start();
  }
  await vi.waitFor(
    async () => {
      // What a killed process had leased is free after half a minute; nobody waits for that here.
      await fresh.database.run(sql`
        update cabinet.outbox set leased_until = null
        where lane = 'reminder' and delivered_at is null and leased_until < now() + interval '29 seconds'`);
      expect(await count(sql`cabinet.outbox where lane = 'reminder' and delivered_at is null`)).toBe(0);
      expect(await count(sql`cabinet.reminder where next_on <= now()::date`)).toBe(0);
    },
    { timeout: 120_000, interval: 200 },
  );
  // The kills fell on work in progress.
  expect(new Set(seen).size).toBeGreaterThan(1);
  expect(seen.at(-1)).toBeLessThan(people);
  expect(await count(sql`cabinet.outbox where lane = 'reminder' and dead_at is null`)).toBe(people);
  expect(await count(sql`cabinet.inbox`)).toBe(people);
  expect(await count(sql`(select distinct recipient from cabinet.inbox) as recipients`)).toBe(people);
  expect(await count(sql`cabinet.reminder where next_on = ends_on - 7`)).toBe(people);
});
