import type { Queryable } from '../../platform/postgres/database.ts';
import type { Sql } from '../../platform/postgres/sql.ts';

/** Rows of one kind that are kept until their term is over. */
export interface Retention {
  /** The kind's name in the log and in the metric. */
  readonly name: string;
  /** Schema and table. */
  readonly table: string;
  /** The time from which the term counts. It is indexed under the condition `of`. */
  readonly since: string;
  /** How long rows are kept after it, as an interval of PostgreSQL. */
  readonly term: string;
  /** The condition for rows of this kind, if the table has others. */
  readonly of?: string;
  /** A further condition for removal. It is checked after `since` and needs no index. */
  readonly and?: string;
}

const delivered = `lane in ('code', 'notice') and delivered_at is not null`;

/**
 * Which rows are removed and when. `docs/runbook.md` says the same in words. Changes, signatures
 * and what a person has on file have no term. Messages are removed because they contain numbers and
 * addresses. Account requests are removed before the codes they refer to. Ended sessions stay for
 * 30 days, so that a late POST can still find its holder.
 */
export const retentions: readonly Retention[] = [
  { name: 'failure', table: 'cabinet.failure', since: 'expires_at', term: '0' },
  { name: 'allowance', table: 'cabinet.allowance', since: 'ends_at', term: '0' },
  { name: 'draft', table: 'cabinet.draft', since: 'expires_at', term: '0' },
  { name: 'pending_change', table: 'cabinet.pending_change', since: 'expires_at', term: '0' },
  { name: 'eds_spent', table: 'cabinet.eds_spent', since: 'expires_at', term: '1 hour' },
  { name: 'passkey_spent', table: 'cabinet.passkey_spent', since: 'expires_at', term: '1 hour' },
  { name: 'sign_in_step', table: 'cabinet.sign_in_step', since: 'expires_at', term: '1 hour' },
  {
    name: 'authenticator_setup',
    table: 'cabinet.authenticator_setup',
    since: 'expires_at',
    term: '1 hour',
  },
  { name: 'phone_attempt', table: 'cabinet.phone_attempt', since: 'expires_at', term: '1 hour' },
  // Only the former release writes this table.
  { name: 'eds_challenge', table: 'cabinet.eds_challenge', since: 'expires_at', term: '1 hour' },
  { name: 'code_outcome', table: 'cabinet.code_outcome', since: 'minute', term: '2 days' },
  { name: 'entry', table: 'cabinet.entry', since: 'expires_at', term: '1 day' },
  {
    name: 'code',
    table: 'cabinet.code',
    since: 'expires_at',
    term: '30 days',
    // Not "not exists": the planner would turn that into a join and read every account request.
    and: '(select true from cabinet.entry e where e.code_id = code.code_id limit 1) is null',
  },
  {
    name: 'session',
    table: 'cabinet.session',
    since: 'started_at',
    term: '30 days',
    and: `greatest(seen_at, ended_at) < now() - interval '30 days'`,
  },
  { name: 'recovery_contact', table: 'cabinet.recovery_contact', since: 'usable_until', term: '30 days' },
  { name: 'disavowal', table: 'cabinet.disavowal', since: 'created_at', term: '60 days' },
  { name: 'known_device', table: 'cabinet.known_device', since: 'seen_at', term: '400 days' },
  { name: 'alert', table: 'cabinet.alert', since: 'ended_at', term: '1 year' },
  {
    name: 'message_delivered',
    table: 'cabinet.outbox',
    since: 'delivered_at',
    term: '30 days',
    of: delivered,
  },
  {
    name: 'message_dead',
    table: 'cabinet.outbox',
    since: 'dead_at',
    term: '90 days',
    of: `lane in ('code', 'notice', 'reminder', 'confirmation') and dead_at is not null`,
  },
  // Their keys prevent another one about the same day.
  {
    name: 'reminder_delivered',
    table: 'cabinet.outbox',
    since: 'delivered_at',
    term: '90 days',
    of: `lane = 'reminder' and delivered_at is not null`,
  },
  {
    name: 'message_letters',
    table: 'cabinet.message_letters',
    since: 'handed_over_at',
    term: '60 days',
  },
  { name: 'sms_part', table: 'cabinet.sms_part', since: 'handed_over_at', term: '30 days' },
  { name: 'inbox', table: 'cabinet.inbox', since: 'sent_at', term: '30 days' },
];

/**
 * A statement of this file. Its parts are names and intervals from the table above, and never a
 * value from outside.
 */
const statement = (text: string, values: readonly unknown[] = []): Sql => ({ text, values });

/**
 * Removes at most `most` rows of a kind whose term is over, oldest first. Skips rows that another
 * process is removing.
 * @returns the number of removed rows
 */
export function removeExpired(database: Queryable, kind: Retention, most: number): Promise<number> {
  return database.run(removalOf(kind, most));
}

/**
 * Its statement. It is a function of its own so that a test can examine the plan.
 *
 * @internal A test reads the plan of this statement.
 */
export function removalOf(kind: Retention, most: number): Sql {
  const conditions = [kind.of, `${kind.since} < now() - interval '${kind.term}'`, kind.and].filter(Boolean);
  return statement(
    `with due as materialized (
      select ctid from ${kind.table} where ${conditions.join(' and ')} order by ${kind.since} limit $1 for update skip locked
    )
    delete from ${kind.table} where ctid = any (array(select ctid from due))`,
    [most],
  );
}

/** How long the oldest row of a kind has been past its term. */
export interface Overdue {
  readonly kind: string;
  /** 0 when nothing is past its term. */
  readonly seconds: number;
}

const oldest = retentions
  .map(
    ({ name, table, since, term, of }) =>
      `select '${name}' as kind, (select min(${since}) from ${table}${of ? ` where ${of}` : ''}) + interval '${term}' as due`,
  )
  .join(' union all ');

/** Reads this for all kinds and for security events, from the first entry of an index each. */
export function readOverdue(database: Queryable, eventYears: number): Promise<Overdue[]> {
  return database.rows<Overdue>(
    statement(
      `select kind, coalesce(greatest(extract(epoch from now() - due), 0), 0)::float as seconds from (
        ${oldest}
        union all
        select 'security_event', (select min(made_at) from cabinet.security_event) + make_interval(years => $1)
      ) as kinds`,
      [eventYears],
    ),
  );
}
