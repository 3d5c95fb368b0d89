import type { Queryable } from '../../platform/postgres/database.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import type { MessagePayload } from '../notices/ports.ts';
import type { CodeStore, IssuedCode, MessageQueue, QuotaStore } from './ports.ts';

const issued = sql`
  code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"`;
const live = sql`used_at is null and dead_at is null and expires_at > now()`;

/** Codes, sending limits and queued messages; on the pool, or inside a transaction. */
export function codeStore(database: Queryable): CodeStore & QuotaStore & MessageQueue {
  return {
    async issue(code, minutes, maxTries) {
      const same = sql`holder_id = ${code.holderId} and purpose = ${code.purpose} and change_id is not distinct from ${code.changeId}::uuid`;
      const row = await database.first<IssuedCode>(sql`
        with held as materialized (
          select holder_id from cabinet.holder where holder_id = ${code.holderId} for no key update),
        kept as (
          select ${issued} from cabinet.code
          where ${same} and channel = ${code.channel} and destination = ${code.destination} and attempts < ${maxTries}::int and ${live}
          order by created_at desc limit 1),
        killed as (
          update cabinet.code set dead_at = now()
          where holder_id = (select holder_id from held) and ${same} and ${live} and code_id not in (select "codeId" from kept)),
        made as (
          insert into cabinet.code (holder_id, purpose, channel, destination, change_id, expires_at)
          select ${code.holderId}, ${code.purpose}, ${code.channel}, ${code.destination}, ${code.changeId}::uuid,
            now() + make_interval(mins => ${minutes}::int)
          where not exists (select from kept) returning ${issued})
        select * from kept union all select * from made`);
      if (!row) throw new Error('no code was issued');
      return row;
    },

    // The row lock makes parallel tries count one after another: of any number, so many are compared.
    countAttempt: (codeId, holderId, maxTries) =>
      database.first<IssuedCode>(sql`
        update cabinet.code set attempts = attempts + 1
        where code_id = ${codeId} and holder_id = ${holderId} and attempts < ${maxTries}::int and ${live}
        returning ${issued}`),

    async consume(codeId) {
      return (
        (await database.run(
          sql`update cabinet.code set used_at = now() where code_id = ${codeId} and ${live}`,
        )) === 1
      );
    },

    async latest(holderId, purpose, changeId) {
      const row = await database.first<{ codeId: string }>(sql`
        select code_id as "codeId" from cabinet.code
        where holder_id = ${holderId} and purpose = ${purpose} and change_id is not distinct from ${changeId}::uuid
        order by created_at desc limit 1`);
      return row?.codeId;
    },

    findLive: (codeId) =>
      database.first<IssuedCode>(
        sql`select ${issued} from cabinet.code where code_id = ${codeId} and ${live}`,
      ),

    async countOutcome(right) {
      await database.run(sql`
        insert into cabinet.code_outcome as o (minute, compared, failed)
        values (date_trunc('minute', now()), ${right === undefined ? 0 : 1}, ${right === false ? 1 : 0})
        on conflict (minute) do update set compared = o.compared + excluded.compared, failed = o.failed + excluded.failed`);
    },

    async failures() {
      const row = await database.first<Awaited<ReturnType<CodeStore['failures']>>>(sql`
        select (select coalesce(jsonb_agg(jsonb_build_object('failed', failed,
            'leaves', ceil(extract(epoch from minute + interval '10 minutes' - now()))::int) order by minute desc), '[]')
            from cabinet.code_outcome where minute > now() - interval '10 minutes') as minutes,
          coalesce(sum(failed) filter (where minute > now() - interval '10 minutes'), 0)::int as "lastTenMinutes",
          coalesce(sum(failed) filter (where minute <= now() - interval '10 minutes') / 144.0, 0)::float as normal
        from cabinet.code_outcome where minute > now() - interval '1 day'`);
      return row ?? { lastTenMinutes: 0, normal: 0, minutes: [] };
    },

    async alert(kind, raised, detail) {
      await database.run(
        raised
          ? sql`insert into cabinet.alert (kind, detail) values (${kind}, ${json(detail)}) on conflict (kind) where ended_at is null do nothing`
          : sql`update cabinet.alert set ended_at = now() where kind = ${kind} and ended_at is null`,
      );
    },

    async takeQuotas(quotas) {
      // Counted in key order, so that two requests for the same person cannot wait for each other.
      const ordered = [...quotas].sort((one, other) => Buffer.compare(one.key, other.key));
      const row = await database.first<{ allowed: boolean }>(sql`
        with wanted as (
          select * from unnest(${ordered.map(({ key }) => key)}::bytea[], ${ordered.map(({ most }) => most)}::int[],
            ${ordered.map(({ minutes }) => minutes)}::int[]) as w (key, most, minutes)),
        counted as (
          insert into cabinet.allowance as a (key, used, ends_at)
          select key, 1, now() + make_interval(mins => minutes) from wanted
          -- What one quota refuses uses up no other: else a stranger could spend everybody's on one person.
          where not exists (
            select from wanted w join cabinet.allowance b using (key) where b.ends_at > now() and b.used >= w.most)
          on conflict (key) do update set
            used = case when a.ends_at <= now() then 1 else a.used + 1 end,
            ends_at = case when a.ends_at <= now() then excluded.ends_at else a.ends_at end
          returning key, used)
        select bool_and(used <= most) as allowed from counted join wanted using (key)`);
      return row?.allowed ?? false;
    },

    async wait(key) {
      const row = await database.first<{ seconds: number }>(sql`
        select ceil(extract(epoch from ends_at - now()))::int as seconds from cabinet.allowance where key = ${key} and ends_at > now()`);
      return row?.seconds ?? 0;
    },

    async enqueue(holderId, messages) {
      if (messages.length > 0) await database.run(queued(holderId, messages));
    },
  };
}

/** The statement that queues messages, for a transaction that must hold them. */
function queued(holderId: string, messages: readonly MessagePayload[]): Sql {
  return sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select ${holderId}::uuid, case when message ->> 'kind' = 'code' then 'code' else 'notice' end, message
    from jsonb_array_elements(${json(messages)}::jsonb) as message`;
}
