import type { LaneOrder, Outbox, Parcel } from './message.ts';
import type { Iin } from '../../values/iin.ts';
import type { Database } from '../postgres/database.ts';
import { type SecurityNotice, tellEverywhere, tellHolder } from '../../features/notices/security-notices.ts';
import { type Sql, sql } from '../postgres/sql.ts';

/** A change that waited so long was shown as late: its person is told when it has arrived. */
const toldAfterSeconds = 15 * 60;

/** Messages name no change. */
const isForFund = ({ changeId }: Parcel): boolean => changeId !== null;

/** A notice without channels; without a kind, only the requisites are to be taken over. */
type Unaddressed = Parcel & {
  readonly payload: {
    readonly iin: Iin;
    readonly kind?: SecurityNotice;
    readonly device?: string;
    readonly at?: string;
  };
};

function isUnaddressed(parcel: Parcel): parcel is Unaddressed {
  const { payload } = parcel;
  const isObject = typeof payload === 'object' && payload !== null;
  return !isForFund(parcel) && isObject && 'iin' in payload && !('channel' in payload);
}

const pending = sql`delivered_at is null and dead_at is null`;

/** The outbox table: leases of 30 seconds, fenced by the number of the attempt. */
export function outbox(database: Database): Outbox {
  const held = (parcel: Parcel) =>
    sql`outbox_id = ${parcel.outboxId} and attempts = ${parcel.attempt} and ${pending}`;
  // What was released says nothing more than that it was delivered after all.
  const leased = (parcel: Parcel) => sql`${held(parcel)} and leased_until is not null`;
  const markAndTell = (mark: Sql, tell: Sql) =>
    database.transaction(async (transaction) => {
      const marked = (await transaction.run(mark)) === 1;
      if (marked) await transaction.run(tell);
      return marked;
    });
  return {
    lease: (lane, size) =>
      database.rows<Parcel>(sql`
        with due as (${lane.ordered ? firstOfEachHolder(lane, size) : soonestDue(lane, size)})
        update cabinet.outbox o set leased_until = now() + interval '30 seconds', attempts = attempts + 1
        from due where o.outbox_id = due.outbox_id
        returning o.outbox_id as "outboxId", holder_id as "holderId", change_id as "changeId", payload, attempts as attempt,
          attempts - forgiven as round, extract(epoch from now() - created_at)::float as "ageSeconds"`),

    async delivered(parcel) {
      if (isUnaddressed(parcel)) {
        // The channels are known now. Removed, not marked: nothing is left of it but what was queued in its place.
        const { kind, device, at } = parcel.payload;
        const remove = sql`delete from cabinet.outbox where ${held(parcel)}`;
        return kind === undefined
          ? (await database.run(remove)) === 1
          : markAndTell(remove, tellHolder(parcel.holderId, kind, { device, at }));
      }
      const mark = sql`update cabinet.outbox set delivered_at = now() where ${held(parcel)}`;
      // Who was told that the fund does not answer is told when it has: once, with the last that waited.
      return isForFund(parcel) && parcel.ageSeconds > toldAfterSeconds
        ? markAndTell(mark, tellEverywhere(ofLastChange(parcel), 'change-accepted'))
        : (await database.run(mark)) === 1;
    },

    async retry(parcel, seconds, code) {
      await database.run(sql`
        update cabinet.outbox set leased_until = null, last_error = ${code},
          next_attempt_at = now() + make_interval(secs => ${seconds}::int * (0.8 + 0.4 * random()))
        where ${leased(parcel)}`);
    },

    async release(parcel) {
      await database.run(
        sql`update cabinet.outbox set leased_until = null, forgiven = forgiven + 1 where ${leased(parcel)}`,
      );
    },

    async bury(parcel, code) {
      const mark = sql`update cabinet.outbox set dead_at = now(), last_error = ${code} where ${leased(parcel)}`;
      if (isForFund(parcel)) await markAndTell(mark, tellHolder(parcel.holderId, 'change-refused'));
      else await database.run(mark);
    },
  };
}

/** The holder of a change behind which no other waits; nobody when one does. */
function ofLastChange({ holderId, outboxId }: Parcel): Sql {
  return sql`
    told as (
      select ${holderId}::uuid as holder_id where not exists (
        select from cabinet.outbox later
        where later.lane = 'fund' and later.holder_id = ${holderId} and later.outbox_id > ${outboxId}
          and coalesce(later.delivered_at, later.dead_at) is null))`;
}

const free = sql`next_attempt_at <= now() and (leased_until is null or leased_until < now())`;

/**
 * The oldest unsent parcel of each of up to `size` holders. A backlog grows faster than the planner's statistics, and by wrong ones it walks
 * through all that waits, or all that was ever delivered, for each parcel. So both halves tell what is unsent in words that leave one
 * good index each (`outbox_line`, `outbox_last_of_holder`), and `offset 0` keeps them from being joined in another way.
 */
function firstOfEachHolder({ name }: LaneOrder, size: number): Sql {
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
function soonestDue({ name, channel }: LaneOrder, size: number): Sql {
  const ofChannel = channel === undefined ? sql`` : sql`and payload ->> 'channel' = ${channel}`;
  return sql`
    select outbox_id from cabinet.outbox
    where lane = ${name} ${ofChannel} and ${pending} and ${free}
    order by next_attempt_at limit ${size} for update skip locked`;
}
