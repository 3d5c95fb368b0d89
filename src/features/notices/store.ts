import { enqueue } from '../../platform/outbox/store.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import type { MessagePayload, NoticeKind } from './payload.ts';

/**
 * Puts messages of a holder into the outbox. Codes have a queue of their own, so that mailings
 * never delay them.
 */
export async function enqueueMessages(
  transaction: Queryable,
  holderId: string,
  messages: readonly MessagePayload[],
): Promise<void> {
  await enqueue(
    transaction,
    holderId,
    messages.map((payload) => ({ queue: payload.kind === 'code' ? 'code' : 'notice', payload })),
  );
}

/** Notices about a holder's own cabinet, whoever caused them. */
export type SecurityNotice = Extract<
  NoticeKind,
  | 'registered'
  | 'recovered'
  | 'password-changed'
  | 'new-device'
  | 'many-failures'
  | 'change-accepted'
  | 'change-refused'
  | 'change-restored'
  | 'frozen'
  | 'locked'
  | 'step-failures'
  | 'factor-added'
  | 'factor-removed'
  | 'passkey-copied'
  | 'backup-code-used'
>;

/**
 * The queue of notices whose channels are not known here yet, and of holders whose requisites must
 * be requested (`unaddressed.ts`).
 */
const unaddressed = 'unaddressed';

/**
 * Notices without a link. The fund's answer to a change is not an attack, and a frozen cabinet
 * cannot be frozen again.
 */
const withoutLink: readonly SecurityNotice[] = ['change-accepted', 'change-refused', 'frozen', 'locked'];

interface NoticeDetails {
  readonly device?: string | undefined;
  /** When it happened, ISO 8601. Undefined means now. */
  readonly at?: string | undefined;
}

/**
 * Queues a notice to every channel on file and to those that still restore the password, each with
 * its own "this wasn't me" link if that is useful. For a holder whose requisites are not here yet,
 * it queues the notice without channels.
 * @param notified common table expressions, the last of which is named `told` and gives
 * `holder_id`. This lets a notice commit in one statement with the event that it reports.
 */
export async function notifyEverywhere(
  tx: Queryable,
  notified: Sql,
  kind: SecurityNotice,
  { device, at }: NoticeDetails = {},
): Promise<void> {
  const linkId = withoutLink.includes(kind) ? sql`null::uuid` : sql`gen_random_uuid()`;
  const content = sql`'language', h.language, 'kind', ${kind}::text, 'device', ${device ?? null}::text,
    'at', coalesce(${at ?? null}::text, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
  await tx.run(sql`
    with ${notified},
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
      'channel', a.channel, 'to', a.value, 'disavowalId', a.disavowal_id, ${content}))
    from addressed a join cabinet.holder h using (holder_id)
    union all
    select h.holder_id, ${unaddressed}, jsonb_strip_nulls(jsonb_build_object('iin', h.iin, ${content}))
    from told join cabinet.holder h using (holder_id)
    where not exists (select from cabinet.requisites r where r.holder_id = h.holder_id)`);
}

/** Does the same for one holder, in a statement of its own. */
export function notifyHolder(
  tx: Queryable,
  holderId: string,
  kind: SecurityNotice,
  details?: NoticeDetails,
): Promise<void> {
  return notifyEverywhere(tx, sql`told as (select ${holderId}::uuid as holder_id)`, kind, details);
}

/**
 * A common table expression that requests the requisites of each `holder_id` of `people` that has
 * none here. A person who has signed in once must be notified of a change at a branch, even if they
 * never open the form.
 */
export function queueIntroduction(people: Sql): Sql {
  return sql`
    introduced as (
      insert into cabinet.outbox (holder_id, lane, payload)
      select h.holder_id, ${unaddressed}, jsonb_build_object('iin', h.iin)
      from ${people} p join cabinet.holder h using (holder_id)
      where not exists (select from cabinet.requisites r where r.holder_id = h.holder_id))`;
}
