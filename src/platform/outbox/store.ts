import {
  notifyEverywhere,
  notifyHolder,
  type SecurityNotice,
} from '../../features/notices/security-notices.ts';
import type { Iin } from '../../values/iin.ts';
import type { Database } from '../postgres/database.ts';
import { type Sql, sql } from '../postgres/sql.ts';
import type { Outbox, OutboxMessage, QueueOrder } from './message.ts';

/** A change that waited so long was shown as late: its person is told when it has arrived. */
const toldAfterSeconds = 15 * 60;

/** Messages name no change. */
const isForFund = ({ changeId }: OutboxMessage): boolean => changeId !== null;

/** A notice without channels; without a kind, only the requisites are to be taken over. */
type Unaddressed = OutboxMessage & {
  readonly payload: {
    readonly iin: Iin;
    readonly kind?: SecurityNotice;
    readonly device?: string;
    readonly at?: string;
  };
};

function isUnaddressed(message: OutboxMessage): message is Unaddressed {
  const { payload } = message;
  const isObject = typeof payload === 'object' && payload !== null;
  return !isForFund(message) && isObject && 'iin' in payload && !('channel' in payload);
}

const pending = sql`delivered_at is null and dead_at is null`;

/** The outbox table: leases of 30 seconds, fenced by the number of the attempt. */
export function createOutbox(database: Database): Outbox {
  const held = (message: OutboxMessage) =>
    sql`outbox_id = ${message.outboxId} and attempts = ${message.attempt} and ${pending}`;
  // What was released says nothing more than that it was delivered after all.
  const leased = (message: OutboxMessage) => sql`${held(message)} and leased_until is not null`;
  const markAndTell = (mark: Sql, tell: Sql) =>
    database.transaction(async (transaction) => {
      const marked = (await transaction.run(mark)) === 1;
      if (marked) await transaction.run(tell);
      return marked;
    });
  return {
    lease: (queue, size) =>
      database.rows<OutboxMessage>(sql`
        with due as (${queue.ordered ? firstOfEachHolder(queue, size) : soonestDue(queue, size)})
        update cabinet.outbox o set leased_until = now() + interval '30 seconds', attempts = attempts + 1
        from due where o.outbox_id = due.outbox_id
        returning o.outbox_id as "outboxId", holder_id as "holderId", change_id as "changeId", payload, attempts as attempt,
          attempts - forgiven as round, extract(epoch from now() - created_at)::float as "ageSeconds"`),

    async delivered(message) {
      if (isUnaddressed(message)) {
        // The channels are known now. Removed, not marked: nothing is left of it but what was queued in its place.
        const { kind, device, at } = message.payload;
        const remove = sql`delete from cabinet.outbox where ${held(message)}`;
        return kind === undefined
          ? (await database.run(remove)) === 1
          : markAndTell(remove, notifyHolder(message.holderId, kind, { device, at }));
      }
      const mark = sql`update cabinet.outbox set delivered_at = now() where ${held(message)}`;
      // Who was told that the fund does not answer is told when it has: once, with the last that waited.
      return isForFund(message) && message.ageSeconds > toldAfterSeconds
        ? markAndTell(mark, notifyEverywhere(ofLastChange(message), 'change-accepted'))
        : (await database.run(mark)) === 1;
    },

    async retry(message, seconds, code) {
      await database.run(sql`
        update cabinet.outbox set leased_until = null, last_error = ${code},
          next_attempt_at = now() + make_interval(secs => ${seconds}::int * (0.8 + 0.4 * random()))
        where ${leased(message)}`);
    },

    async release(message) {
      await database.run(
        sql`update cabinet.outbox set leased_until = null, forgiven = forgiven + 1 where ${leased(message)}`,
      );
    },

    async deadLetter(message, code) {
      const mark = sql`update cabinet.outbox set dead_at = now(), last_error = ${code} where ${leased(message)}`;
      if (isForFund(message)) await markAndTell(mark, notifyHolder(message.holderId, 'change-refused'));
      else await database.run(mark);
    },
  };
}

/** The holder of a change behind which no other waits; nobody when one does. */
function ofLastChange({ holderId, outboxId }: OutboxMessage): Sql {
  return sql`
    told as (
      select ${holderId}::uuid as holder_id where not exists (
        select from cabinet.outbox later
        where later.lane = 'fund' and later.holder_id = ${holderId} and later.outbox_id > ${outboxId}
          and coalesce(later.delivered_at, later.dead_at) is null))`;
}

const free = sql`next_attempt_at <= now() and (leased_until is null or leased_until < now())`;

/**
 * The oldest unsent message of each of up to `size` holders. A backlog grows faster than the planner's statistics, and by wrong ones it walks
 * through all that waits, or all that was ever delivered, for each message. So both halves tell what is unsent in words that leave one
 * good index each (`outbox_line`, `outbox_last_of_holder`), and `offset 0` keeps them from being joined in another way.
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

/** Whatever is due, the longest waiting first. */
function soonestDue({ name, channel }: QueueOrder, size: number): Sql {
  const ofChannel = channel === undefined ? sql`` : sql`and payload ->> 'channel' = ${channel}`;
  return sql`
    select outbox_id from cabinet.outbox
    where lane = ${name} ${ofChannel} and ${pending} and ${free}
    order by next_attempt_at limit ${size} for update skip locked`;
}
