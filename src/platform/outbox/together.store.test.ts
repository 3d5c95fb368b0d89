import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { type Database, openDatabase } from '../postgres/database.ts';
import { sql } from '../postgres/sql.ts';
import { dispatchDue, startDispatcher } from './dispatcher.ts';
import type { OutboxMessage } from './message.ts';
import type { Queue } from './queue.ts';
import { retryForThreeDays } from './retry.ts';
import { enqueue, leaseMessages } from './store.ts';
import { Undeliverable } from './undeliverable.ts';

// Messages that are handed over in one step. What goes wrong with one, or between two steps, must
// be as harmless as where each goes alone.

let fresh: FreshDatabase;
/** Numbers of the messages that were handed over, in that order. */
let handed: number[];

beforeEach(async () => {
  fresh = await freshDatabase();
  handed = [];
});

afterEach(() => fresh.drop());

/** Queues messages with the numbers 1, 2 and so on, each of its own holder. */
async function queueMessages(count: number): Promise<void> {
  await fresh.database.run(sql`
    with holder as (
      insert into cabinet.holder (iin) select lpad(n::text, 12, '0') from generate_series(1, ${count}::int) n
      returning holder_id, iin::bigint as n)
    insert into cabinet.outbox (holder_id, lane, payload) select holder_id, 'fund', to_jsonb(n) from holder order by n`);
}

const numberOf = ({ payload }: OutboxMessage) => payload as number;

const takeAll = async (messages: readonly OutboxMessage[]) => {
  handed.push(...messages.map(numberOf));
  return messages;
};

function queueWith(different: Partial<Queue> = {}): Queue {
  return {
    name: 'fund',
    ordered: true,
    concurrency: 20,
    retryDelay: retryForThreeDays,
    deliver: async (message) => void handed.push(numberOf(message)),
    deliverTogether: takeAll,
    ...different,
  };
}

/** Counts the statements that lease and those that mark. */
function counting() {
  const counted = { rows: 0, run: 0, transaction: 0 };
  const count = <Name extends keyof typeof counted>(name: Name): Database[Name] =>
    ((...parts: Parameters<Database[Name]>) => {
      counted[name] += 1;
      return (fresh.database[name] as (...parts: unknown[]) => unknown)(...parts);
    }) as Database[Name];
  const database: Database = {
    ...fresh.database,
    rows: count('rows'),
    run: count('run'),
    transaction: count('transaction'),
  };
  return { database, counted };
}

const endLeases = () =>
  fresh.database.run(sql`
    update cabinet.outbox set leased_until = now() - interval '1 second', next_attempt_at = now() - interval '1 second'
    where leased_until is not null or next_attempt_at > now()`);

async function state() {
  const rows = await fresh.database.rows<{ n: number; state: string }>(sql`
    select payload::int as n, case when delivered_at is not null then 'delivered' when dead_at is not null then 'dead'
      when leased_until is not null then 'leased' else 'waits' end || ' ' || attempts || coalesce(' ' || last_error, '') as state
    from cabinet.outbox where lane = 'fund' order by outbox_id`);
  return rows.map((row) => row.state);
}

const all = (count: number, one: string) => Array.from({ length: count }, () => one);

test('a batch takes two statements: one leases all of its messages, one marks them', async () => {
  await queueMessages(20);
  const { database, counted } = counting();
  expect(await dispatchDue(database, queueWith())).toBe(20);
  // The second lease finds that nothing is left.
  expect(counted).toEqual({ rows: 2, run: 1, transaction: 0 });
  expect(await state()).toEqual(all(20, 'delivered 1'));
});

test('what was not handed over together goes alone, with its own end', async () => {
  await queueMessages(6);
  const queue = queueWith({
    deliverTogether: async (messages) => takeAll(messages.filter((message) => numberOf(message) > 3)),
    deliver: async (message) => {
      if (numberOf(message) === 1) throw Object.assign(new Error('later'), { code: 'ETIMEDOUT' });
      if (numberOf(message) === 2) throw new Undeliverable('NEVER');
      handed.push(numberOf(message));
    },
    onDeadLetter:
      ({ holderId }) =>
      (tx) =>
        enqueue(tx, holderId, [{ queue: 'followed', payload: {} }]),
  });
  expect(await dispatchDue(fresh.database, queue)).toBe(4);
  expect(handed).toEqual([4, 5, 6, 3]);
  expect(await state()).toEqual(['waits 1 ETIMEDOUT', 'dead 1 NEVER', ...all(4, 'delivered 1')]);
  const followed = sql`select 1 from cabinet.outbox where lane = 'followed'`;
  expect(await fresh.database.rows(followed)).toHaveLength(1);
});

test('a poisoned message does not spoil its batch: each goes alone, and only it is retried', async () => {
  await queueMessages(10);
  const errors: Error[] = [];
  const queue = queueWith({
    deliverTogether: async (messages) => {
      if (messages.some((message) => numberOf(message) === 7)) throw new Error('poisoned');
      return takeAll(messages);
    },
    deliver: async (message) => {
      if (numberOf(message) === 7) throw Object.assign(new Error('poisoned'), { code: '23502' });
      handed.push(numberOf(message));
    },
  });
  expect(await dispatchDue(fresh.database, queue, (error) => errors.push(error))).toBe(9);
  expect(errors.map(({ message }) => message)).toEqual(['poisoned']);
  expect([...handed].sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10]);
  expect(await state()).toEqual([...all(6, 'delivered 1'), 'waits 1 23502', ...all(3, 'delivered 1')]);
});

test('a message that hangs alone does not hold up the next batches', async () => {
  await queueMessages(3);
  let finish: () => void = () => undefined;
  const stalled = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const delivery = startDispatcher(
    fresh.database,
    queueWith({
      deliverTogether: async (messages) => takeAll(messages.filter((message) => numberOf(message) !== 1)),
      deliver: () => stalled,
    }),
    { everyMs: 600_000, onError: (error) => expect.unreachable(error.message) },
  );
  const patience = { timeout: 30_000, interval: 5 };
  await vi.waitFor(() => expect(handed).toEqual([2, 3]), patience);
  await fresh.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'fund', '4' from cabinet.holder where iin::int = 2`);
  delivery.wake();
  await vi.waitFor(() => expect(handed).toEqual([2, 3, 4]), patience);
  finish();
  await delivery.stop();
  expect(await state()).toEqual(all(4, 'delivered 1'));
});

test('a worker killed between the hand-over and the mark loses nothing: another takes all of it again', async () => {
  await queueMessages(5);
  const killed: Database = { ...fresh.database, run: () => Promise.reject(new Error('killed')) };
  await expect(dispatchDue(killed, queueWith())).rejects.toThrow('killed');
  expect(await state()).toEqual(all(5, 'leased 1'));
  // Not before their lease has ended.
  expect(await dispatchDue(fresh.database, queueWith())).toBe(0);
  await endLeases();
  const attempts: number[] = [];
  const seeing = queueWith({
    deliverTogether: async (messages) => {
      attempts.push(...messages.map(({ attempt }) => attempt));
      return messages;
    },
  });
  expect(await dispatchDue(fresh.database, seeing)).toBe(5);
  expect(attempts).toEqual(all(5, '2').map(Number));
  expect(await state()).toEqual(all(5, 'delivered 2'));
});

test('a worker that lost the lease of some marks only the others', async () => {
  await queueMessages(4);
  const queue = queueWith({
    deliverTogether: async (messages) => {
      await fresh.database.run(sql`
        update cabinet.outbox set leased_until = now() - interval '1 second' where payload::int <= 2`);
      expect(await leaseMessages(fresh.database, queue, 20)).toHaveLength(2);
      return takeAll(messages);
    },
  });
  expect(await dispatchDue(fresh.database, queue)).toBe(2);
  expect(await state()).toEqual([...all(2, 'leased 2'), ...all(2, 'delivered 1')]);
});

test('a message with an effect is marked with it, in a transaction of its own', async () => {
  await queueMessages(3);
  const { database, counted } = counting();
  const queue = queueWith({
    onDelivered: (message) =>
      numberOf(message) === 2
        ? (tx) => enqueue(tx, message.holderId, [{ queue: 'followed', payload: {} }])
        : undefined,
  });
  expect(await dispatchDue(database, queue)).toBe(3);
  expect(counted).toMatchObject({ run: 1, transaction: 1 });
  expect(await state()).toEqual(all(3, 'delivered 1'));
  const followed = sql`select 1 from cabinet.outbox where lane = 'followed'`;
  expect(await fresh.database.rows(followed)).toHaveLength(1);
});

test('two workers hand over each of 300 messages once, those of one holder in order', async () => {
  await queueMessages(30);
  await fresh.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'fund', to_jsonb(iin::bigint + 30 * round) from generate_series(1, 9) round, cabinet.holder
    order by round, iin`);
  const other = openDatabase(fresh.connection);
  const inHand = new Set<string>();
  const queue = queueWith({
    deliverTogether: async (messages) => {
      for (const { holderId } of messages) {
        expect(inHand.has(holderId)).toBe(false);
        inHand.add(holderId);
      }
      await breathe();
      for (const { holderId } of messages) inHand.delete(holderId);
      return takeAll(messages);
    },
  });
  let delivered = 0;
  while (delivered < 300) {
    const counts = await Promise.all([dispatchDue(fresh.database, queue), dispatchDue(other, queue)]);
    delivered += counts[0] + counts[1];
  }
  await other.close();
  expect(handed).toHaveLength(300);
  for (let holder = 1; holder <= 30; holder += 1) {
    const ofHolder = handed.filter((n) => (n - holder) % 30 === 0);
    expect(ofHolder).toEqual(Array.from({ length: 10 }, (_, round) => holder + 30 * round));
  }
  expect(await state()).toEqual(all(300, 'delivered 1'));
});

test('a process that is stopped gives back a batch that hangs, without using up an attempt', async () => {
  await queueMessages(3);
  let reached: () => void = () => undefined;
  const inHand = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const hanging = queueWith({
    deliverTogether: () => {
      reached();
      return new Promise(() => undefined);
    },
  });
  const delivery = startDispatcher(fresh.database, hanging, {
    everyMs: 600_000,
    onError: (error) => expect.unreachable(error.message),
  });
  await inHand;
  await delivery.stop(1);
  const taken = await leaseMessages(fresh.database, queueWith(), 9);
  expect(taken.map(({ attempt, round }) => ({ attempt, round }))).toEqual(
    all(3, '').map(() => ({ attempt: 2, round: 1 })),
  );
});

test('a batch that could not be marked is left to the end of its lease, and the next one goes on', async () => {
  await queueMessages(25);
  let failing = true;
  const database: Database = {
    ...fresh.database,
    run: (statement) => {
      if (!failing) return fresh.database.run(statement);
      failing = false;
      return Promise.reject(new Error('no answer'));
    },
  };
  const errors: Error[] = [];
  expect(await dispatchDue(database, queueWith(), (error) => errors.push(error))).toBe(5);
  expect(errors.map(({ message }) => message)).toEqual(['no answer']);
  expect(await state()).toEqual([...all(20, 'leased 1'), ...all(5, 'delivered 1')]);
});
