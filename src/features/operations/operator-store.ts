import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import { namedColumns } from '../requisites/column-store.ts';

/**
 * Records an action of an operator with its reason, as an event that the person sees.
 * @returns the holder's id, or undefined when nobody has this IIN
 */
export async function recordOperatorAct(
  database: Queryable,
  iin: Iin,
  kind: 'looked-at' | 'sessions-ended',
  reason: string,
): Promise<string | undefined> {
  // A person of the fund without a cabinet gets a holder row for the event, so that every look is
  // recorded.
  await database.run(sql`
    insert into cabinet.holder (iin, language) select iin, language from fund.person where iin = ${iin}
    on conflict (iin) do nothing`);
  const row = await database.first<{ holderId: string }>(sql`
    insert into cabinet.security_event (holder_id, kind, detail)
    select holder_id, ${kind}, ${json({ reason })}::jsonb from cabinet.holder where iin = ${iin}
    returning holder_id as "holderId"`);
  return row?.holderId;
}

/** What the embedded fund has on file about a person. For a fund over HTTP, its last answer. */
export async function readPersonAtFund(
  database: Queryable,
  iin: Iin,
  holderId: string | undefined,
): Promise<object | undefined> {
  const embedded = await database.first<object>(sql`
    select iin, surname, name, patronymic, language, status, documents, accounts, requisites
    from fund.person where iin = ${iin}`);
  if (embedded) return embedded;
  return database.first<object>(sql`
    select c.person || jsonb_build_object('asOf', c.read_at) as copy
    from cabinet.fund_copy c where c.holder_id = ${holderId ?? null}`);
}

/** What the cabinet has on file about a holder. */
export function readHolderOnFile(database: Queryable, holderId: string): Promise<object | undefined> {
  return database.first<object>(sql`
    select r.revision, ${namedColumns},
      (select count(*)::int from cabinet.change c where c.holder_id = h.holder_id) as changes,
      (select count(*)::int from cabinet.session s where s.holder_id = h.holder_id and ended_at is null) as sessions,
      exists (select from cabinet.credential c where c.holder_id = h.holder_id) as "hasPassword"
    from cabinet.holder h left join cabinet.requisites r using (holder_id)
    where h.holder_id = ${holderId}`);
}
