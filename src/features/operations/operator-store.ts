import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';

/**
 * Records an act of an operator with its reason, as an event that the person sees.
 * @returns the holder's id, or undefined when nobody has this IIN
 */
export async function recordOperatorAct(
  database: Queryable,
  iin: Iin,
  kind: 'looked-at' | 'sessions-ended',
  reason: string,
): Promise<string | undefined> {
  // A person of the fund who has no cabinet yet gets the row that the event hangs on: no look goes unseen.
  await database.run(sql`
    insert into cabinet.holder (iin, language) select iin, language from fund.person where iin = ${iin}
    on conflict (iin) do nothing`);
  const row = await database.first<{ holderId: string }>(sql`
    insert into cabinet.security_event (holder_id, kind, detail)
    select holder_id, ${kind}, ${json({ reason })}::jsonb from cabinet.holder where iin = ${iin}
    returning holder_id as "holderId"`);
  return row?.holderId;
}

/** What the embedded fund has on file of a person; of a fund over HTTP its last answer. */
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

/** What the cabinet has on file of a holder. */
export function readHolderOnFile(database: Queryable, holderId: string): Promise<object | undefined> {
  return database.first<object>(sql`
    select r.revision, r.address, r.apartment, r.postcode, r.home_phone as "homePhone",
      r.contact_phone as "contactPhone", r.mobile_phone as "mobilePhone", r.email,
      (select count(*)::int from cabinet.change c where c.holder_id = h.holder_id) as changes,
      (select count(*)::int from cabinet.session s where s.holder_id = h.holder_id and ended_at is null) as sessions,
      exists (select from cabinet.credential c where c.holder_id = h.holder_id) as "hasPassword"
    from cabinet.holder h left join cabinet.requisites r using (holder_id)
    where h.holder_id = ${holderId}`);
}

/** Holds the row of the holder with this IIN until the transaction ends; undefined when there is none. */
export async function lockHolderByIin(tx: Queryable, iin: Iin): Promise<string | undefined> {
  const row = await tx.first<{ holderId: string }>(
    sql`select holder_id as "holderId" from cabinet.holder where iin = ${iin} for no key update`,
  );
  return row?.holderId;
}

/** Removes the freeze of a holder, and every "this wasn't me" link sent before; false when nothing was frozen. */
export async function removeFreeze(tx: Queryable, holderId: string): Promise<boolean> {
  // Else whoever still holds such a link could freeze the cabinet for ever.
  const thawed = await tx.run(sql`
    with thawed as (
      delete from cabinet.freeze f where f.holder_id = ${holderId} returning f.holder_id),
    ended as (
      update cabinet.disavowal d set ended_at = now() from thawed t
      where d.holder_id = t.holder_id and ended_at is null)
    select from thawed`);
  return thawed === 1;
}
