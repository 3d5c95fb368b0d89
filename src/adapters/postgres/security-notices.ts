import type { NoticeKind } from '../../modules/notices/ports.ts';
import { type Sql, sql } from './sql.ts';

/** What a holder is told of their own cabinet, whoever did it. */
export type SecurityNotice = Extract<
  NoticeKind,
  | 'registered'
  | 'recovered'
  | 'password-changed'
  | 'new-device'
  | 'many-failures'
  | 'change-accepted'
  | 'change-refused'
>;

/** What the fund did with a change is nobody's attack: nothing to stop by a link. */
const withoutLink: readonly SecurityNotice[] = ['change-accepted', 'change-refused'];

/**
 * The statement that queues a notice to every channel on file and to those that still restore the password, each with
 * its own "this wasn't me" link where one helps. `told` is the list of common table expressions before it, whose last one is named `told` and
 * gives `holder_id`: so a notice commits with what it tells of, in one statement where that matters.
 */
export function tellEverywhere(told: Sql, kind: SecurityNotice, device?: string): Sql {
  const linkId = withoutLink.includes(kind) ? sql`null::uuid` : sql`gen_random_uuid()`;
  return sql`
    with ${told},
    reached as (
      select holder_id, 'mobile' as channel, mobile_phone as value from cabinet.requisites join told using (holder_id)
      union select holder_id, 'email', email from cabinet.requisites join told using (holder_id)
      union select holder_id, channel, value from cabinet.recovery_contact join told using (holder_id)
        where usable_until > now()),
    addressed as (select *, ${linkId} as disavowal_id from reached where value is not null),
    linked as (
      insert into cabinet.disavowal (disavowal_id, holder_id) select disavowal_id, holder_id from addressed where disavowal_id is not null)
    insert into cabinet.outbox (holder_id, lane, payload)
    select a.holder_id, 'notice', jsonb_strip_nulls(jsonb_build_object(
      'channel', a.channel, 'to', a.value, 'language', h.language, 'kind', ${kind}::text,
      'device', ${device ?? null}::text, 'disavowalId', a.disavowal_id,
      'at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    from addressed a join cabinet.holder h using (holder_id)`;
}

/** The same for one holder, by itself. */
export function tellHolder(holderId: string, kind: SecurityNotice, device?: string): Sql {
  return tellEverywhere(sql`told as (select ${holderId}::uuid as holder_id)`, kind, device);
}
