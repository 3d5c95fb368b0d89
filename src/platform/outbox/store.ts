import type { Database, Queryable } from '../postgres/database.ts';
import { json, type Sql, sql } from '../postgres/sql.ts';
import type { OutboxMessage } from './message.ts';
import type { Effect, Queue, QueueOrder } from './queue.ts';

/** A message to be queued. */
export interface NewMessage {
  readonly queue: string;
  /** What the queue's `deliver` reads. It contains no secret. */
  readonly payload: object;
}

/** Queues messages for a holder. They are committed with the rest of the transaction. */
export async function enqueue(
  tx: Queryable,
  holderId: string,
  messages: readonly NewMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  await tx.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select ${holderId}::uuid, message ->> 'queue', message -> 'payload'
    from jsonb_array_elements(${json(messages)}::jsonb) as message`);
}

/** Leases up to `size` due messages for 30 seconds. No other worker gets them during that time. */
export function leaseMessages(
  database: Database,
  queue: QueueOrder,
  size: number,
): Promise<readonly OutboxMessage[]> {
  return database.rows<OutboxMessage>(sql`
    with due as (${queue.ordered ? firstOfEachHolder(queue, size) : soonestDue(queue, size)})
    update cabinet.outbox o set leased_until = now() + interval '30 seconds', attempts = attempts + 1
    from due where o.outbox_id = due.outbox_id
    returning o.outbox_id as "outboxId", holder_id as "holderId", change_id as "changeId", payload, attempts as attempt,
      attempts - forgiven as round, created_at as "queuedAt",
      extract(epoch from now() - created_at)::float as "ageSeconds", request_id as "requestId", traceparent`);
}

/**
 * Marks a message as delivered and writes the effect. False when another worker has taken over the
 * lease.
 */
export function markDelivered(
  database: Database,
  queue: Pick<Queue, 'deletesDelivered' | 'onDelivered'>,
  message: OutboxMessage,
): Promise<boolean> {
  return markWith(database, deliveredWhere(queue, held(message)), queue.onDelivered?.(message));
}

/**
 * Marks messages as delivered, without an effect. Returns how many: not those whose lease another
 * worker has taken over.
 */
export async function markAllDelivered(
  database: Database,
  queue: Pick<Queue, 'deletesDelivered'>,
  messages: readonly OutboxMessage[],
): Promise<number> {
  if (messages.length === 0) return 0;
  const ids = messages.map(({ outboxId }) => outboxId);
  const attempts = messages.map(({ attempt }) => attempt);
  // Locked in the order of their ids, so that two workers with the same messages cannot block each
  // other. "Unsent" is said so that no index of the waiting messages is read for it.
  const mine = sql`outbox_id = any(array(
    select outbox_id from cabinet.outbox join unnest(${ids}::bigint[], ${attempts}::int[]) as mine (outbox_id, attempts)
      using (outbox_id, attempts)
    where coalesce(delivered_at, dead_at) is null order by outbox_id for update of outbox))`;
  return database.run(deliveredWhere(queue, mine));
}

function deliveredWhere({ deletesDelivered }: Pick<Queue, 'deletesDelivered'>, which: Sql): Sql {
  return deletesDelivered
    ? sql`delete from cabinet.outbox where ${which}`
    : sql`update cabinet.outbox set delivered_at = now() where ${which}`;
}

/**
 * Returns a message to the queue, to be retried after `seconds`. `code` says why, without a
 * personal value.
 */
export async function retryLater(
  database: Database,
  message: OutboxMessage,
  seconds: number,
  code: string,
): Promise<void> {
  await database.run(sql`
    update cabinet.outbox set leased_until = null, last_error = ${code},
      next_attempt_at = now() + make_interval(secs => ${seconds}::int * (0.8 + 0.4 * random()))
    where ${leased(message)}`);
}

/**
 * Gives the lease back without an attempt, so that another process can take the message at once.
 * The attempt that the lease counted is not held against the message.
 */
export async function releaseMessage(database: Database, message: OutboxMessage): Promise<void> {
  await database.run(
    sql`update cabinet.outbox set leased_until = null, forgiven = forgiven + 1 where ${leased(message)}`,
  );
}

/** Makes a message a dead letter, which waits for the operator, and writes the effect. */
export async function markDead(
  database: Database,
  queue: Pick<Queue, 'onDeadLetter'>,
  message: OutboxMessage,
  code: string,
): Promise<void> {
  const mark = sql`update cabinet.outbox set dead_at = now(), last_error = ${code} where ${leased(message)}`;
  await markWith(database, mark, queue.onDeadLetter?.(message));
}

/** Skips the effect when another worker has set the mark. */
async function markWith(database: Database, mark: Sql, effect: Effect | undefined): Promise<boolean> {
  if (!effect) return (await database.run(mark)) === 1;
  return database.transaction(async (tx) => {
    const marked = (await tx.run(mark)) === 1;
    if (marked) await effect(tx);
    return marked;
  });
}

const pending = sql`delivered_at is null and dead_at is null`;

/** True while no other worker has leased the message: each later lease has a higher number. */
function held(message: OutboxMessage): Sql {
  return sql`outbox_id = ${message.outboxId} and attempts = ${message.attempt} and ${pending}`;
}

/** For marks that need the lease itself. A released message may only be marked as delivered. */
function leased(message: OutboxMessage): Sql {
  return sql`${held(message)} and leased_until is not null`;
}

const free = sql`next_attempt_at <= now() and (leased_until is null or leased_until < now())`;

/**
 * The oldest unsent message of each of up to `size` holders. A backlog grows faster than the
 * planner's statistics. With outdated ones, PostgreSQL would read all waiting or all delivered
 * messages for each message. Both halves therefore say "unsent" in terms that fit only one index
 * each (`outbox_line`, `outbox_first_of_holder`), and `offset 0` prevents another kind of join.
 */
function firstOfEachHolder({ name }: QueueOrder, size: number): Sql {
  return sql`
    select outbox_id from cabinet.outbox o
    where lane = ${name} and num_nulls(delivered_at, dead_at) > 1 and ${free}
      and not exists (
        select from cabinet.outbox earlier
        where earlier.lane = ${name} and earlier.holder_id = o.holder_id and earlier.outbox_id < o.outbox_id
          and coalesce(earlier.delivered_at, earlier.dead_at) is null offset 0)
    order by outbox_id limit ${size} for update skip locked`;
}

/** All due messages, the longest waiting first. */
function soonestDue({ name, channel }: QueueOrder, size: number): Sql {
  const ofChannel = channel === undefined ? sql`` : sql`and payload ->> 'channel' = ${channel}`;
  return sql`
    select outbox_id from cabinet.outbox
    where lane = ${name} ${ofChannel} and ${pending} and ${free}
    order by next_attempt_at limit ${size} for update skip locked`;
}
