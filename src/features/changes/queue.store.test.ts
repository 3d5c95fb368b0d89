import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { settings } from '../../../test/support/settings.ts';
import { createEmbeddedFund } from '../../fund/embedded/embedded-fund-store.ts';
import { leaseMessages, markDead, markDelivered } from '../../platform/outbox/store.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { fundQueue } from './queue.ts';

let fresh: FreshDatabase;
let holderId: string;

beforeEach(async () => {
  fresh = await freshDatabase();
  const row = await fresh.database.first<{ holderId: string }>(sql`
    insert into cabinet.holder (iin) values ('000000000001') returning holder_id as "holderId"`);
  holderId = row?.holderId ?? '';
  await fresh.database.run(sql`
    insert into cabinet.requisites (holder_id, email) values (${holderId}, 'belgi.0001@example.kz')`);
});

afterEach(() => fresh.drop());

const queue = () =>
  fundQueue({
    fund: createEmbeddedFund(fresh.database),
    database: fresh.database,
    contactSettings: settings.contactSettings,
  });

/** Three changes that wait for the fund. */
async function queueChanges(age: string): Promise<void> {
  await fresh.database.run(sql`
    with made as (
      insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
      select ${holderId}::uuid, n::text, n, 'holder', 'password-session', '[]', 'test' from generate_series(1, 3) n
      returning change_id, holder_id)
    insert into cabinet.outbox (holder_id, lane, change_id, payload, created_at)
    select holder_id, 'fund', change_id, '{}', now() - ${age}::interval from made`);
}

async function leaseNext() {
  const [message] = await leaseMessages(fresh.database, queue(), 1);
  if (!message) throw new Error('nothing was leased');
  return message;
}

async function notices(): Promise<readonly string[]> {
  const rows = await fresh.database.rows<{ kind: string }>(
    sql`select payload ->> 'kind' as kind from cabinet.outbox where lane = 'notice' order by outbox_id`,
  );
  return rows.map(({ kind }) => kind);
}

test('a holder with several late changes is notified once, with the last of them', async () => {
  await queueChanges('1 hour');
  for (const expected of [[], [], ['change-accepted']]) {
    expect(await markDelivered(fresh.database, queue(), await leaseNext())).toBe(true);
    expect(await notices()).toEqual(expected);
  }
});

test('a change that arrived in time sends no notice', async () => {
  await queueChanges('14 minutes');
  for (let n = 0; n < 3; n += 1) await markDelivered(fresh.database, queue(), await leaseNext());
  expect(await notices()).toEqual([]);
});

test('a change that the fund refused notifies its holder', async () => {
  await queueChanges('0');
  await markDead(fresh.database, queue(), await leaseNext(), 'unknown-holder');
  expect(await notices()).toEqual(['change-refused']);
});

test('a change is given up after three days', () => {
  const waits = Array.from({ length: 900 }, (_, index) => queue().retryDelay(index + 1));
  const total = waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0);
  expect(waits.slice(0, 6)).toEqual([1, 5, 30, 120, 300, 300]);
  expect(total / 3_600).toBeGreaterThan(71);
  expect(total / 3_600).toBeLessThan(73);
});
