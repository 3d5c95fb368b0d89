import { randomUUID } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { watchDatabase } from '../../../test/support/watched-database.ts';
import { type Database, openDatabase, type Queryable } from '../postgres/database.ts';
import { type Sql, sql } from '../postgres/sql.ts';
import { dispatchDue, startDispatcher } from './dispatcher.ts';
import type { OutboxMessage } from './message.ts';
import type { Queue, QueueOrder } from './queue.ts';
import { retryForThreeDays, retryOften } from './retry.ts';
import { enqueue, leaseMessages, markDead, markDelivered, releaseMessage, retryLater } from './store.ts';
import { Undeliverable } from './undeliverable.ts';

let fresh: FreshDatabase;
let holders: string[];

/** A busy machine needs longer than the usual second. Milliseconds. */
const patience = { timeout: 30_000 };

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

function queueWith(deliver: Queue['deliver'], different: Partial<Queue> = {}): Queue {
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

/** Makes everything that waits due. */
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
  test('together hand over each of 300 messages once', async () => {
    await queueNotices(300);
    // With its own connections, like a second process.
    const other = openDatabase(fresh.connection);
    const handed: number[] = [];
    const byWorker = [0, 0];
    const work = (database: typeof other, worker: 0 | 1) =>
      dispatchDue(
        database,
        queueWith(async ({ outboxId }) => {
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

  test('a killed worker’s message goes to the other when its lease has ended, and not before', async () => {
    await queueNotices(5);
    const { database } = fresh;
    const [held] = await leaseMessages(
      database,
      queueWith(async () => undefined),
      1,
    );
    const seen: OutboxMessage[] = [];
    const survivor = queueWith(async (message) => void seen.push(message));
    expect(await dispatchDue(database, survivor)).toBe(4);
    await age();
    expect(await dispatchDue(database, survivor)).toBe(1);
    expect(seen.at(-1)).toMatchObject({ outboxId: held?.outboxId, attempt: 2 });
  });

  test('a worker that lost its lease cannot mark the message', async () => {
    await queueNotices(1);
    const { database } = fresh;
    const [stale] = await leaseMessages(
      database,
      queueWith(async () => undefined),
      1,
    );
    await age();
    const [present] = await leaseMessages(
      database,
      queueWith(async () => undefined),
      1,
    );
    if (!stale || !present) throw new Error('nothing was leased');
    expect(
      await markDelivered(
        database,
        queueWith(async () => undefined),
        stale,
      ),
    ).toBe(false);
    await retryLater(database, stale, 0, 'STALE');
    await markDead(
      database,
      queueWith(async () => undefined),
      stale,
      'STALE',
    );
    expect(await state()).toMatchObject({ pending: 1, error: null });
    expect(
      await markDelivered(
        database,
        queueWith(async () => undefined),
        present,
      ),
    ).toBe(true);
  });

  test('an ordered queue leases one message of a holder at a time, the oldest first', async () => {
    await fresh.database.run(sql`
      insert into cabinet.outbox (holder_id, lane, payload)
      select holder_id, 'fund', to_jsonb(n) from unnest(${holders}::uuid[]) holder_id, generate_series(1, 4) n
      order by n, holder_id`);
    const order = new Map<string, unknown[]>();
    const inHand = new Set<string>();
    const fund = queueWith(
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
      await Promise.all([dispatchDue(fresh.database, everything), dispatchDue(other, everything)]);
    }
    await other.close();
    expect([...order.values()]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });
});

describe('a queue', () => {
  test('takes only its own channel and name', async () => {
    await queueNotices(2, 'mobile');
    await queueNotices(3, 'email');
    await enqueue(fresh.database, holder(), [
      { queue: 'code', payload: { kind: 'code', channel: 'mobile', codeId: randomUUID() } },
    ]);
    const { database } = fresh;
    const seen: unknown[] = [];
    const see = async ({ payload }: OutboxMessage) => void seen.push((payload as { kind: string }).kind);
    expect(await dispatchDue(database, queueWith(see, { channel: 'email' }))).toBe(3);
    expect(await dispatchDue(database, queueWith(see, { name: 'code' }))).toBe(1);
    expect(await dispatchDue(database, queueWith(see, { name: 'code', channel: 'email' }))).toBe(0);
    expect(await dispatchDue(database, queueWith(see))).toBe(2);
    expect(seen.filter((kind) => kind === 'code')).toHaveLength(1);
  });

  test('keeps to its concurrency, and one slow message does not delay others', async () => {
    await queueNotices(60);
    let most = 0;
    let inHand = 0;
    let first = true;
    let finishSlow: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      finishSlow = resolve;
    });
    const delivering = dispatchDue(
      fresh.database,
      queueWith(async () => {
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
    await vi.waitFor(async () => expect(await state()).toMatchObject({ delivered: 59 }), patience);
    finishSlow();
    expect(await delivering).toBe(60);
    expect(most).toBe(8);
  });

  test('retries a failed message later, and finally makes it a dead letter', async () => {
    await queueNotices(1);
    const { database } = fresh;
    const failing = queueWith(
      () => Promise.reject(Object.assign(new Error('+77015550001'), { code: 'ETIMEDOUT' })),
      {
        retryDelay: (round) => (round >= 3 ? undefined : 60),
      },
    );
    for (let round = 1; round <= 3; round += 1) {
      expect(await dispatchDue(database, failing)).toBe(0);
      expect(await dispatchDue(database, failing)).toBe(0);
      expect(await state()).toMatchObject({ attempts: round, error: 'ETIMEDOUT', dead: round === 3 ? 1 : 0 });
      await age();
    }
    expect(await dispatchDue(database, failing)).toBe(0);
    expect(await state()).toMatchObject({ attempts: 3 });
  });

  test('gives up an undeliverable message at once', async () => {
    await queueNotices(1);
    await dispatchDue(
      fresh.database,
      queueWith(() => Promise.reject(new Undeliverable('SMTP_550'))),
    );
    expect(await state()).toMatchObject({ dead: 1, error: 'SMTP_550', attempts: 1 });
  });

  test('pauses while it is not ready, without using up attempts', async () => {
    await queueNotices(3);
    let works = false;
    const resting = queueWith(async () => undefined, { ready: () => works });
    expect(await dispatchDue(fresh.database, resting)).toBe(0);
    expect(await state()).toMatchObject({ attempts: 0 });
    works = true;
    expect(await dispatchDue(fresh.database, resting)).toBe(3);
  });

  test('takes new messages at once when woken while others are in progress', async () => {
    await queueNotices(1);
    let finish: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let handed = 0;
    const delivery = startDispatcher(
      fresh.database,
      queueWith(async () => {
        handed += 1;
        if (handed === 1) await stalled;
      }),
      { everyMs: 1_000_000, onError: () => undefined },
    );
    await vi.waitFor(() => expect(handed).toBe(1), { ...patience, interval: 5 });
    await queueNotices(2);
    delivery.wake();
    await vi.waitFor(() => expect(handed).toBe(3), { ...patience, interval: 5 });
    finish();
    await delivery.stop();
    expect(await state()).toMatchObject({ delivered: 3, pending: 0 });
  });

  test('survives an outage of the database', async () => {
    const errors: Error[] = [];
    const real = fresh.database;
    let broken = true;
    const delivery = startDispatcher(
      {
        ...real,
        rows: (statement) => (broken ? Promise.reject(new Error('gone')) : real.rows(statement)),
      },
      queueWith(async () => undefined),
      { everyMs: 5, onError: (error) => errors.push(error) },
    );
    await queueNotices(2);
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), { ...patience, interval: 5 });
    broken = false;
    await vi.waitFor(async () => expect(await state()).toMatchObject({ delivered: 2 }), patience);
    await delivery.stop();
  });
});

describe('the effect of a delivery', () => {
  /** Counts how statements reach the database: alone, or in a transaction. */
  function counting() {
    const counted = { alone: 0, transactions: 0 };
    const database: Database = {
      ...fresh.database,
      run: (statement) => {
        counted.alone += 1;
        return fresh.database.run(statement);
      },
      transaction: (work, options) => {
        counted.transactions += 1;
        return fresh.database.transaction(work, options);
      },
    };
    return { database, counted };
  }

  const follow = (kind: string) => (tx: Queryable) =>
    enqueue(tx, holder(), [{ queue: 'followed', payload: { kind } }]);

  const followed = async () => {
    const rows = await fresh.database.rows<{ kind: string }>(
      sql`select payload ->> 'kind' as kind from cabinet.outbox where lane = 'followed' order by outbox_id`,
    );
    return rows.map(({ kind }) => kind);
  };

  test('is empty by default: a delivery and a dead letter take one statement each', async () => {
    await queueNotices(2);
    const { database, counted } = counting();
    let first = true;
    const deliver = async () => {
      if (!first) throw new Undeliverable('NEVER');
      first = false;
    };
    await dispatchDue(database, queueWith(deliver));
    expect(counted).toEqual({ alone: 2, transactions: 0 });
    expect(await state()).toMatchObject({ delivered: 1, dead: 1 });
  });

  test('commits with the mark', async () => {
    await queueNotices(2);
    const { database, counted } = counting();
    let first = true;
    const deliver = async () => {
      if (!first) throw new Undeliverable('NEVER');
      first = false;
    };
    await dispatchDue(
      database,
      queueWith(deliver, {
        concurrency: 1,
        onDelivered: () => follow('delivered'),
        onDeadLetter: () => follow('dead'),
      }),
    );
    expect(counted).toEqual({ alone: 0, transactions: 2 });
    expect(await followed()).toEqual(['delivered', 'dead']);
  });

  test('rolls back the mark when it fails', async () => {
    await queueNotices(1);
    const failing = queueWith(async () => undefined, {
      onDelivered: () => () => Promise.reject(new Error('no effect')),
    });
    await expect(dispatchDue(fresh.database, failing)).rejects.toThrow('no effect');
    expect(await state()).toMatchObject({ delivered: 0, pending: 1 });
  });

  test('does not happen for a worker that lost its lease', async () => {
    await queueNotices(1);
    const queue = queueWith(async () => undefined, {
      onDelivered: () => follow('delivered'),
      onDeadLetter: () => follow('dead'),
    });
    const [stale] = await leaseMessages(fresh.database, queue, 1);
    if (!stale) throw new Error('nothing was leased');
    await age();
    await leaseMessages(fresh.database, queue, 1);
    expect(await markDelivered(fresh.database, queue, stale)).toBe(false);
    await markDead(fresh.database, queue, stale, 'STALE');
    expect(await followed()).toEqual([]);
    expect(await state()).toMatchObject({ pending: 1 });
  });

  test('may be the deletion of the message', async () => {
    await queueNotices(1);
    expect(
      await dispatchDue(
        fresh.database,
        queueWith(async () => undefined, { deletesDelivered: true }),
      ),
    ).toBe(1);
    expect(await state()).toMatchObject({ delivered: 0, pending: 0 });
  });
});

describe('a process that is stopped', () => {
  /** A gateway that never answers, with a promise for the moment when a message reached it. */
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

  test('returns messages from a hanging gateway at once, without using up an attempt, and leases no more', async () => {
    await queueNotices(2);
    const gateway = hanging();
    const onError = (error: Error) => expect.unreachable(error.message);
    const { database } = fresh;
    const delivery = startDispatcher(database, queueWith(gateway.deliver, { concurrency: 1 }), {
      everyMs: 600_000,
      onError,
    });
    await gateway.inHand;
    expect(await leaseMessages(database, queueWith(gateway.deliver), 9)).toHaveLength(1);
    await delivery.stop(1);

    const taken = await leaseMessages(database, queueWith(gateway.deliver), 9);
    expect(taken.map(({ attempt, round }) => ({ attempt, round }))).toEqual([{ attempt: 2, round: 1 }]);
  });

  test('waits for messages that can still be handed over', async () => {
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
    const delivery = startDispatcher(fresh.database, queueWith(deliver), {
      everyMs: 600_000,
      onError,
    });
    await inHand;
    const stopped = delivery.stop(30_000);
    finish();
    await stopped;
    expect(await state()).toMatchObject({ delivered: 1, pending: 0 });
  });

  test('cannot mark a message that another process has taken since', async () => {
    await queueNotices(1);
    const { database } = fresh;
    const [mine] = await leaseMessages(
      database,
      queueWith(async () => undefined),
      1,
    );
    if (!mine) throw new Error('nothing was leased');
    await releaseMessage(database, mine);
    // Its own late failure must not delay the others.
    await retryLater(database, mine, 3_600, 'LATE');
    await markDead(
      database,
      queueWith(async () => undefined),
      mine,
      'LATE',
    );
    expect(
      await leaseMessages(
        database,
        queueWith(async () => undefined),
        1,
      ),
    ).toHaveLength(1);
    await releaseMessage(database, mine);
    expect(
      await markDelivered(
        database,
        queueWith(async () => undefined),
        mine,
      ),
    ).toBe(false);
    expect(
      await leaseMessages(
        database,
        queueWith(async () => undefined),
        1,
      ),
    ).toEqual([]);
  });
});

describe('the retry policy', () => {
  test('of a code has short delays and no last attempt', () => {
    expect([1, 2, 3, 4, 5, 60].map(retryOften)).toEqual([1, 2, 5, 10, 10, 10]);
  });

  test('of a notice ends after three days', () => {
    const waits = Array.from({ length: 80 }, (_, index) => retryForThreeDays(index + 1));
    const total = waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0);
    expect(waits.slice(0, 7)).toEqual([1, 5, 30, 120, 600, 1_800, 3_600]);
    expect(waits[77]).toBeUndefined();
    expect(total / 3_600).toBeGreaterThan(70);
    expect(total / 3_600).toBeLessThan(73);
  });
});

describe('with a long queue', () => {
  /** The number of pages that a lease reads. */
  async function pagesRead(queue: QueueOrder): Promise<number> {
    const plans: string[] = [];
    const explaining: Database = {
      ...fresh.database,
      async rows<Row extends object>(statement: Sql) {
        const text = `explain (analyze, buffers) ${statement.text}`;
        const lines = await fresh.database.rows<{ 'QUERY PLAN': string }>({ ...statement, text });
        plans.push(lines.map((line) => line['QUERY PLAN']).join('\n'));
        return [] as Row[];
      },
    };
    await leaseMessages(explaining, queue, 16);
    expect(plans[0]).not.toContain('Seq Scan on outbox');
    const read = /shared hit=(\d+)(?: read=(\d+))?/.exec(plans[0] ?? '');
    return Number(read?.[1]) + Number(read?.[2] ?? 0);
  }

  const queues: QueueOrder[] = [
    { name: 'code', channel: 'mobile', ordered: false },
    { name: 'code', channel: 'email', ordered: false },
    { name: 'notice', channel: 'mobile', ordered: false },
    { name: 'fund', ordered: true },
  ];

  test('every queue finds its next messages by an index behind 100,000 notices', async () => {
    for (let n = 0; n < 10; n += 1) await queueNotices(10_000);
    await enqueue(fresh.database, holder(), [
      { queue: 'code', payload: { kind: 'code', channel: 'mobile', codeId: randomUUID() } },
    ]);
    // There are no statistics yet, as in the minute after a campaign was queued.
    for (const one of queues) expect(await pagesRead(one)).toBeLessThan(500);
    await fresh.database.run(sql`analyze cabinet.outbox`);
    for (const one of queues) expect(await pagesRead(one)).toBeLessThan(500);
    await postponeNotices();
    // Only the notices' own queue reads once past the earlier messages.
    for (const one of queues) if (one.name !== 'notice') expect(await pagesRead(one)).toBeLessThan(500);
    await pagesRead({ name: 'notice', channel: 'mobile', ordered: false });
    for (const one of queues) expect(await pagesRead(one)).toBeLessThan(500);
  });

  test('so does the queue of the fund, even with statistics from before the backlog', async () => {
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
    // This also reads what the update left behind. The wrong index would take more than 100,000
    // pages.
    const fund: QueueOrder = { name: 'fund', ordered: true };
    expect(await pagesRead(fund)).toBeLessThan(2_000);
    await fresh.database.run(sql`analyze cabinet.outbox`);
    expect(await pagesRead(fund)).toBeLessThan(2_000);
  });

  /** In steps that each finish within the time limit of a statement. */
  async function postponeNotices(): Promise<void> {
    const step = sql`
      update cabinet.outbox set next_attempt_at = now() + interval '1 hour', attempts = 3 where outbox_id in (
        select outbox_id from cabinet.outbox where attempts = 0 and lane = 'notice' limit 10000)`;
    while ((await fresh.database.run(step)) > 0);
  }
});

test('a lease does not read what was delivered to the same people before', async () => {
  const { database } = fresh;
  await database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload, delivered_at)
    select holder_id, 'fund', '{}', case when n <= 3000 then now() end
    from cabinet.holder, generate_series(1, 3100) n order by n`);
  await database.run(sql`analyze cabinet.outbox`);
  let pages = 0;
  const explained = watchDatabase(database, async ({ text, values }, run, on) => {
    const [row] = await on.rows<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>({
      text: `explain (analyze, buffers, format json) ${text}`,
      values,
    });
    const plan = row?.['QUERY PLAN'][0].Plan;
    pages = (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
    await on.run(sql`update cabinet.outbox set leased_until = null where leased_until is not null`);
    return run();
  });
  const leased = await leaseMessages(explained, { name: 'fund', ordered: true }, 20);
  expect(leased).toHaveLength(3);
  // Three pages or so for each of 300 that wait, and none of 9,000 that were delivered.
  expect(pages).toBeLessThan(3_000);
});
