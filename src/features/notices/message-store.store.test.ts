import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { createSmsReceipts } from '../../gateways/smpp/receipt-store.ts';
import { dispatchDue } from '../../platform/outbox/dispatcher.ts';
import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays } from '../../platform/outbox/retry.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { renewCode } from '../codes/store.ts';
import { sweep } from '../operations/housekeeping.ts';
import { listDeadMessages, retryMessages, showMessage } from './message-store.ts';
import { enqueueMessages } from './store.ts';

let fresh: FreshDatabase;
let holderId: string;
let codeId: string;

beforeEach(async () => {
  fresh = await freshDatabase();
  const holder = await fresh.database.first<{ holderId: string }>(
    sql`insert into cabinet.holder (iin) values ('900101300007') returning holder_id as "holderId"`,
  );
  holderId = holder?.holderId ?? '';
  const to = '+77015550001';
  const code = await renewCode(
    fresh.database,
    { holderId, purpose: 'recover', channel: 'mobile', destination: to, changeId: null },
    10,
    5,
  );
  codeId = code.codeId;
  await enqueueMessages(fresh.database, holderId, [
    { kind: 'code', purpose: 'recover', codeId, channel: 'mobile', to, language: 'kk' },
    { kind: 'new-device', channel: 'mobile', to, language: 'kk', at: '2026-11-22T19:31:00.000Z' },
  ]);
});

afterEach(() => fresh.drop());

const lane = (name: string, deliver: Queue['deliver']): Queue => ({
  name,
  channel: 'mobile',
  ordered: false,
  concurrency: 4,
  retryDelay: retryForThreeDays,
  deliver,
});

async function giveUp(): Promise<void> {
  const refuse = () => Promise.reject(new Undeliverable('SMPP_0x0b'));
  for (const name of ['code', 'notice']) await dispatchDue(fresh.database, lane(name, refuse));
}

const events = () =>
  fresh.database.rows(sql`select kind, detail from cabinet.security_event where holder_id = ${holderId}`);

describe('dead letters', () => {
  test('are listed without anything about their person', async () => {
    await giveUp();
    const listed = await listDeadMessages(fresh.database, 10);
    expect(listed.map(({ kind, error, attempts }) => [kind, error, attempts]).sort()).toEqual([
      ['new-device', 'SMPP_0x0b', 1],
      ['recover', 'SMPP_0x0b', 1],
    ]);
    expect(JSON.stringify(listed)).not.toMatch(/770155|900101|holder/);
    expect(await listDeadMessages(fresh.database, 1)).toHaveLength(1);
  });

  test('one is shown with its state and without its code, and its person sees who looked and why', async () => {
    await giveUp();
    await createSmsReceipts(fresh.database).handedOver('m-1', ['gw-1']);
    await createSmsReceipts(fresh.database).reported('gw-1', 'UNDELIV');
    const code = (await listDeadMessages(fresh.database, 10)).find(({ kind }) => kind === 'recover');
    const shown = await showMessage(fresh.database, code?.id ?? 0, 'm-1', 'complaint 17');
    expect(shown).toMatchObject({
      iin: '900101300007',
      kind: 'recover',
      to: '+77015550001',
      error: 'SMPP_0x0b',
      parts: [{ part: 1, state: 'UNDELIV' }],
    });
    expect(JSON.stringify(shown)).not.toContain(codeId);
    expect(await events()).toEqual([{ kind: 'message-looked-at', detail: { reason: 'complaint 17' } }]);
  });

  test('an unknown message is not shown and leaves no event', async () => {
    await fresh.database.run(
      sql`insert into cabinet.outbox (holder_id, lane, payload) values (${holderId}, 'fund', '{}')`,
    );
    const fund = await fresh.database.first<{ id: number }>(
      sql`select outbox_id as id from cabinet.outbox where lane = 'fund'`,
    );
    expect(await showMessage(fresh.database, fund?.id ?? 0, 'm', 'why')).toBeUndefined();
    expect(await showMessage(fresh.database, 999_999, 'm', 'why')).toBeUndefined();
    expect(await events()).toEqual([]);
  });

  test('a dead notice is queued with a new deadline and sent, a code is not', async () => {
    await giveUp();
    const all = (await listDeadMessages(fresh.database, 10)).map(({ id }) => id);
    const retried = await retryMessages(fresh.database, all, 'the gateway was mended');
    expect(retried).toHaveLength(1);
    expect(await events()).toEqual([
      { kind: 'message-retried', detail: { reason: 'the gateway was mended' } },
    ]);
    const rounds: number[] = [];
    const see = async ({ round }: { round: number }) => void rounds.push(round);
    expect(await dispatchDue(fresh.database, lane('notice', see))).toBe(1);
    expect(rounds).toEqual([1]);
    expect((await listDeadMessages(fresh.database, 10)).map(({ kind }) => kind)).toEqual(['recover']);
    expect(await retryMessages(fresh.database, undefined, 'again')).toEqual([]);
  });

  test('all of them at once', async () => {
    await giveUp();
    expect(await retryMessages(fresh.database, undefined, 'after the outage')).toHaveLength(1);
  });
});

test('messages are removed after 30 days, dead letters after 90', async () => {
  await dispatchDue(
    fresh.database,
    lane('code', async () => undefined),
  );
  await dispatchDue(
    fresh.database,
    lane('notice', () => Promise.reject(new Undeliverable('NO_GATEWAY'))),
  );
  const left = () => fresh.database.rows(sql`select lane from cabinet.outbox order by lane`);
  const passDays = (days: number) =>
    fresh.database.run(sql`
      update cabinet.outbox set delivered_at = delivered_at - make_interval(days => ${days}::int),
        dead_at = dead_at - make_interval(days => ${days}::int)`);
  await passDays(29);
  await sweep(fresh.database);
  expect(await left()).toHaveLength(2);
  await passDays(2);
  await sweep(fresh.database);
  expect(await left()).toEqual([{ lane: 'notice' }]);
  await passDays(60);
  await sweep(fresh.database);
  expect(await left()).toEqual([]);
});
