import { randomUUID } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { enqueueMessages } from '../../features/notices/store.ts';
import { openDatabase } from '../postgres/database.ts';
import { type Sql, sql } from '../postgres/sql.ts';
import { dispatchDue, type Queue, retryForThreeDays, retrySoon, startDispatcher } from './dispatcher.ts';
import type { OutboxMessage, QueueOrder } from './message.ts';
import { createOutbox } from './store.ts';
import { Undeliverable } from './undeliverable.ts';

let fresh: FreshDatabase;
let holders: string[];

beforeEach(async () => {
  fresh = await freshDatabase();
  const rows = await fresh.database.rows<{ holderId: string }>(sql`
    insert into cabinet.holder (iin) select lpad(n::text, 12, '0') from generate_series(1, 3) n
    returning holder_id as "holderId"`);
  holders = rows.map(({ holderId }) => holderId);
});

afterEach(() => fresh.drop());

const holder = () => holders[0] ?? '';

async function queueNotices(count: number, channel = 'mobile'): Promise<void> {
  await fresh.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select ${holder()}::uuid, 'notice', jsonb_build_object('kind', 'new-device', 'channel', ${channel}::text, 'n', n)
    from generate_series(1, ${count}::int) n`);
}

function lane(deliver: Queue['deliver'], different: Partial<Queue> = {}): Queue {
  return {
    name: 'notice',
    channel: 'mobile',
    ordered: false,
    concurrency: 8,
    retryDelay: retryForThreeDays,
    deliver,
    ...different,
  };
}

/** Ages everything that waits, so that it is due. */
const age = () =>
  fresh.database.run(
    sql`update cabinet.outbox set next_attempt_at = next_attempt_at - interval '1 day', created_at = created_at - interval '1 day',
      leased_until = leased_until - interval '1 day'`,
  );

const state = () =>
  fresh.database.first(sql`
    select count(*) filter (where delivered_at is not null)::int as delivered,
      count(*) filter (where dead_at is not null)::int as dead,
      count(*) filter (where delivered_at is null and dead_at is null)::int as pending,
      max(attempts) as attempts, max(last_error) as error from cabinet.outbox`);

describe('two workers on the outbox', () => {
  test('hand over each of 300 messages once between them', async () => {
    await queueNotices(300);
    // As two processes: each with its own connections.
    const other = openDatabase(fresh.connection);
    const handed: number[] = [];
    const byWorker = [0, 0];
    const work = (database: typeof other, worker: 0 | 1) =>
      dispatchDue(
        createOutbox(database),
        lane(async ({ outboxId }) => {
          await breathe();
          handed.push(outboxId);
          byWorker[worker] = (byWorker[worker] ?? 0) + 1;
        }),
      );
    const delivered = await Promise.all([work(fresh.database, 0), work(other, 1)]);
    await other.close();
    expect(delivered[0] + delivered[1]).toBe(300);
    expect(handed).toHaveLength(300);
    expect(new Set(handed).size).toBe(300);
    expect(Math.min(...byWorker)).toBeGreaterThan(0);
    expect(await state()).toMatchObject({ delivered: 300, pending: 0, attempts: 1 });
  });

  test('what a killed worker held is taken by the other when its lease is over, and not before', async () => {
    await queueNotices(5);
    const box = createOutbox(fresh.database);
    const [held] = await box.lease(
      lane(async () => undefined),
      1,
    );
    const seen: OutboxMessage[] = [];
    const survivor = lane(async (message) => void seen.push(message));
    expect(await dispatchDue(box, survivor)).toBe(4);
    await age();
    expect(await dispatchDue(box, survivor)).toBe(1);
    expect(seen.at(-1)).toMatchObject({ outboxId: held?.outboxId, attempt: 2 });
  });

  test('one that lost its lease marks nothing', async () => {
    await queueNotices(1);
    const box = createOutbox(fresh.database);
    const [stale] = await box.lease(
      lane(async () => undefined),
      1,
    );
    await age();
    const [present] = await box.lease(
      lane(async () => undefined),
      1,
    );
    if (!stale || !present) throw new Error('nothing was leased');
    expect(await box.delivered(stale)).toBe(false);
    await box.retry(stale, 0, 'STALE');
    await box.deadLetter(stale, 'STALE');
    expect(await state()).toMatchObject({ pending: 1, error: null });
    expect(await box.delivered(present)).toBe(true);
  });

  test('an ordered lane gives one message of a holder at a time, the oldest first', async () => {
    await fresh.database.run(sql`
      insert into cabinet.outbox (holder_id, lane, payload)
      select holder_id, 'fund', to_jsonb(n) from unnest(${holders}::uuid[]) holder_id, generate_series(1, 4) n
      order by n, holder_id`);
    const order = new Map<string, unknown[]>();
    const inHand = new Set<string>();
    const fund = lane(
      async ({ holderId, payload }) => {
        expect(inHand.has(holderId)).toBe(false);
        inHand.add(holderId);
        await breathe();
        inHand.delete(holderId);
        order.set(holderId, [...(order.get(holderId) ?? []), payload]);
      },
      { name: 'fund', ordered: true },
    );
    const { channel: _channel, ...everything } = fund;
    const other = openDatabase(fresh.connection);
    while (((await state()) as { pending: number }).pending > 0) {
      await Promise.all([
        dispatchDue(createOutbox(fresh.database), everything),
        dispatchDue(createOutbox(other), everything),
      ]);
    }
    await other.close();
    expect([...order.values()]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });
});

describe('a lane', () => {
  test('takes only its own channel and name', async () => {
    await queueNotices(2, 'mobile');
    await queueNotices(3, 'email');
    await enqueueMessages(fresh.database, holder(), [
      {
        kind: 'code',
        channel: 'mobile',
        to: '+77015550001',
        language: 'kk',
        purpose: 'recover',
        codeId: randomUUID(),
      },
    ]);
    const box = createOutbox(fresh.database);
    const seen: unknown[] = [];
    const see = async ({ payload }: OutboxMessage) => void seen.push((payload as { kind: string }).kind);
    expect(await dispatchDue(box, lane(see, { channel: 'email' }))).toBe(3);
    expect(await dispatchDue(box, lane(see, { name: 'code' }))).toBe(1);
    expect(await dispatchDue(box, lane(see, { name: 'code', channel: 'email' }))).toBe(0);
    expect(await dispatchDue(box, lane(see))).toBe(2);
    expect(seen.filter((kind) => kind === 'code')).toHaveLength(1);
  });

  test('has no more in hand than it may, and one slow message holds nobody up', async () => {
    await queueNotices(60);
    let most = 0;
    let inHand = 0;
    let first = true;
    let finishSlow: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      finishSlow = resolve;
    });
    const delivering = dispatchDue(
      createOutbox(fresh.database),
      lane(async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        if (first) {
          first = false;
          await slow;
        }
        await breathe();
        inHand -= 1;
      }),
    );
    await vi.waitFor(async () => expect(await state()).toMatchObject({ delivered: 59 }));
    finishSlow();
    expect(await delivering).toBe(60);
    expect(most).toBe(8);
  });

  test('is tried again later, and ends as a dead letter', async () => {
    await queueNotices(1);
    const box = createOutbox(fresh.database);
    const failing = lane(
      () => Promise.reject(Object.assign(new Error('+77015550001'), { code: 'ETIMEDOUT' })),
      {
        retryDelay: (round) => (round >= 3 ? undefined : 60),
      },
    );
    for (let round = 1; round <= 3; round += 1) {
      expect(await dispatchDue(box, failing)).toBe(0);
      expect(await dispatchDue(box, failing)).toBe(0);
      expect(await state()).toMatchObject({ attempts: round, error: 'ETIMEDOUT', dead: round === 3 ? 1 : 0 });
      await age();
    }
    expect(await dispatchDue(box, failing)).toBe(0);
    expect(await state()).toMatchObject({ attempts: 3 });
  });

  test('gives up at once what nobody will ever take', async () => {
    await queueNotices(1);
    await dispatchDue(
      createOutbox(fresh.database),
      lane(() => Promise.reject(new Undeliverable('SMTP_550'))),
    );
    expect(await state()).toMatchObject({ dead: 1, error: 'SMTP_550', attempts: 1 });
  });

  test('rests while there is no use in trying: nothing uses up its patience', async () => {
    await queueNotices(3);
    let works = false;
    const resting = lane(async () => undefined, { ready: () => works });
    expect(await dispatchDue(createOutbox(fresh.database), resting)).toBe(0);
    expect(await state()).toMatchObject({ attempts: 0 });
    works = true;
    expect(await dispatchDue(createOutbox(fresh.database), resting)).toBe(3);
  });

  test('woken while others are in hand, takes what is new at once', async () => {
    await queueNotices(1);
    let finish: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let handed = 0;
    const delivery = startDispatcher(
      createOutbox(fresh.database),
      lane(async () => {
        handed += 1;
        if (handed === 1) await stalled;
      }),
      { everyMs: 1_000_000, onError: () => undefined },
    );
    await vi.waitFor(() => expect(handed).toBe(1), { interval: 5 });
    await queueNotices(2);
    delivery.wake();
    await vi.waitFor(() => expect(handed).toBe(3), { interval: 5 });
    finish();
    await delivery.stop();
    expect(await state()).toMatchObject({ delivered: 3, pending: 0 });
  });

  test('survives a database that is away for a while', async () => {
    const errors: Error[] = [];
    const real = createOutbox(fresh.database);
    let broken = true;
    const delivery = startDispatcher(
      {
        ...real,
        lease: (order, size) => (broken ? Promise.reject(new Error('gone')) : real.lease(order, size)),
      },
      lane(async () => undefined),
      { everyMs: 5, onError: (error) => errors.push(error) },
    );
    await queueNotices(2);
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), { interval: 5 });
    broken = false;
    await vi.waitFor(async () => expect(await state()).toMatchObject({ delivered: 2 }));
    await delivery.stop();
  });
});

test('who waited long for the fund is told once, with the last change that waited', async () => {
  const { database } = fresh;
  await database.run(sql`
    insert into cabinet.requisites (holder_id, email) values (${holder()}, 'belgi.0001@example.kz')`);
  await database.run(sql`
    with made as (
      insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
      select ${holder()}::uuid, n::text, n, 'holder', 'password-session', '[]', 'test' from generate_series(1, 3) n
      returning change_id, holder_id)
    insert into cabinet.outbox (holder_id, lane, change_id, payload, created_at)
    select holder_id, 'fund', change_id, '{}', now() - interval '1 hour' from made`);
  const box = createOutbox(database);
  const told = () => database.run(sql`select from cabinet.outbox where lane = 'notice'`);
  for (const notices of [0, 0, 1]) {
    const [message] = await box.lease({ name: 'fund', ordered: true }, 1);
    if (!message) throw new Error('nothing was leased');
    expect(await box.delivered(message)).toBe(true);
    expect(await told()).toBe(notices);
  }
});

describe('a process that is stopped', () => {
  /** A gateway that never answers, and the moment at which a message reached it. */
  function hanging() {
    let reached: () => void = () => undefined;
    const inHand = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const never = new Promise<void>(() => undefined);
    return {
      inHand,
      deliver: async () => {
        reached();
        await never;
      },
    };
  }

  test('gives back at once what a gateway holds, with no patience used up, and leases nothing more', async () => {
    await queueNotices(2);
    const gateway = hanging();
    const onError = (error: Error) => expect.unreachable(error.message);
    const box = createOutbox(fresh.database);
    const delivery = startDispatcher(box, lane(gateway.deliver, { concurrency: 1 }), {
      everyMs: 600_000,
      onError,
    });
    await gateway.inHand;
    expect(await box.lease(lane(gateway.deliver), 9)).toHaveLength(1);
    await delivery.stop(1);

    const taken = await box.lease(lane(gateway.deliver), 9);
    expect(taken.map(({ attempt, round }) => ({ attempt, round }))).toEqual([{ attempt: 2, round: 1 }]);
  });

  test('waits for what can still be handed over', async () => {
    await queueNotices(1);
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let reached: () => void = () => undefined;
    const inHand = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const deliver = async () => {
      reached();
      await finished;
    };
    const onError = (error: Error) => expect.unreachable(error.message);
    const delivery = startDispatcher(createOutbox(fresh.database), lane(deliver), {
      everyMs: 600_000,
      onError,
    });
    await inHand;
    const stopped = delivery.stop(30_000);
    finish();
    await stopped;
    expect(await state()).toMatchObject({ delivered: 1, pending: 0 });
  });

  test('cannot mark what another has taken since', async () => {
    await queueNotices(1);
    const box = createOutbox(fresh.database);
    const [mine] = await box.lease(
      lane(async () => undefined),
      1,
    );
    if (!mine) throw new Error('nothing was leased');
    await box.release(mine);
    // Its own late failure is no reason for the others to wait.
    await box.retry(mine, 3_600, 'LATE');
    await box.deadLetter(mine, 'LATE');
    expect(
      await box.lease(
        lane(async () => undefined),
        1,
      ),
    ).toHaveLength(1);
    await box.release(mine);
    expect(await box.delivered(mine)).toBe(false);
    expect(
      await box.lease(
        lane(async () => undefined),
        1,
      ),
    ).toEqual([]);
  });
});

describe('patience', () => {
  test('of a code is short and has no end of its own', () => {
    expect([1, 2, 3, 4, 5, 60].map(retrySoon)).toEqual([1, 2, 5, 10, 10, 10]);
  });

  test('of a notice is three days', () => {
    const waits = Array.from({ length: 80 }, (_, index) => retryForThreeDays(index + 1));
    const total = waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0);
    expect(waits.slice(0, 7)).toEqual([1, 5, 30, 120, 600, 1_800, 3_600]);
    expect(waits[77]).toBeUndefined();
    expect(total / 3_600).toBeGreaterThan(70);
    expect(total / 3_600).toBeLessThan(73);
  });
});

describe('with much queued', () => {
  /** Pages that a lease reads. */
  async function pagesRead(lane: QueueOrder): Promise<number> {
    const plans: string[] = [];
    const explaining = createOutbox({
      ...fresh.database,
      async rows<Row extends object>(statement: Sql) {
        const text = `explain (analyze, buffers) ${statement.text}`;
        const lines = await fresh.database.rows<{ 'QUERY PLAN': string }>({ ...statement, text });
        plans.push(lines.map((line) => line['QUERY PLAN']).join('\n'));
        return [] as Row[];
      },
    });
    await explaining.lease(lane, 16);
    expect(plans[0]).not.toContain('Seq Scan on outbox');
    const read = /shared hit=(\d+)(?: read=(\d+))?/.exec(plans[0] ?? '');
    return Number(read?.[1]) + Number(read?.[2] ?? 0);
  }

  const lanes: QueueOrder[] = [
    { name: 'code', channel: 'mobile', ordered: false },
    { name: 'code', channel: 'email', ordered: false },
    { name: 'notice', channel: 'mobile', ordered: false },
    { name: 'fund', ordered: true },
  ];

  test('every lane finds its next messages by an index behind 100,000 notices', async () => {
    for (let n = 0; n < 10; n += 1) await queueNotices(10_000);
    await enqueueMessages(fresh.database, holder(), [
      {
        kind: 'code',
        channel: 'mobile',
        to: '+77015550001',
        language: 'kk',
        purpose: 'recover',
        codeId: randomUUID(),
      },
    ]);
    // As in the minute after a campaign was queued: no statistics yet.
    for (const one of lanes) expect(await pagesRead(one)).toBeLessThan(500);
    await fresh.database.run(sql`analyze cabinet.outbox`);
    for (const one of lanes) expect(await pagesRead(one)).toBeLessThan(500);
    await postponeNotices();
    // Only the notices' own lane walks once over what stood there before.
    for (const one of lanes) if (one.name !== 'notice') expect(await pagesRead(one)).toBeLessThan(500);
    await pagesRead({ name: 'notice', channel: 'mobile', ordered: false });
    for (const one of lanes) expect(await pagesRead(one)).toBeLessThan(500);
  });

  test('so does the lane of the fund, though the statistics know of no backlog', async () => {
    const queueChanges = () =>
      fresh.database.run(sql`
        insert into cabinet.outbox (holder_id, lane, payload)
        select holder_id, 'fund', '{}' from generate_series(1, 10), cabinet.holder`);
    await fresh.database.run(sql`
      insert into cabinet.holder (iin) select lpad(n::text, 12, '0') from generate_series(10, 1009) n`);
    await queueChanges();
    await fresh.database.run(sql`update cabinet.outbox set delivered_at = now()`);
    await fresh.database.run(sql`analyze cabinet.outbox`);
    await queueChanges();
    // The walk also passes what the update left behind. By the wrong index it is more than 100,000.
    const fund: QueueOrder = { name: 'fund', ordered: true };
    expect(await pagesRead(fund)).toBeLessThan(2_000);
    await fresh.database.run(sql`analyze cabinet.outbox`);
    expect(await pagesRead(fund)).toBeLessThan(2_000);
  });

  /** In steps that each end within the time of a statement. */
  async function postponeNotices(): Promise<void> {
    const step = sql`
      update cabinet.outbox set next_attempt_at = now() + interval '1 hour', attempts = 3 where outbox_id in (
        select outbox_id from cabinet.outbox where attempts = 0 and lane = 'notice' limit 10000)`;
    while ((await fresh.database.run(step)) > 0);
  }
});
