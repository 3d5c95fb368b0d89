import type { Database } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';

/** What an operator may do from the terminal. Each leaves a security event that the person sees. */
export interface OperatorStore {
  /** Notes an act with its reason; the holder's id, or undefined when there is no such holder. */
  note(
    iin: Iin,
    kind: 'looked-at' | 'sessions-ended' | 'unfrozen',
    reason: string,
  ): Promise<string | undefined>;
  /** Lifts what "this wasn't me" stopped; false when nothing was stopped. */
  unfreeze(iin: Iin, reason: string): Promise<boolean>;
  /** What is on file of a person, at the fund and here; the look itself is noted first. */
  show(iin: Iin, reason: string): Promise<object | undefined>;
}

/** The operator's acts on the service's tables and the embedded fund's; of one over HTTP there is its last answer. */
export function operatorStore(database: Database): OperatorStore {
  const note: OperatorStore['note'] = async (iin, kind, reason) => {
    // A person of the fund who has no cabinet yet gets the row that the event hangs on: no look goes unseen.
    await database.run(sql`
      insert into cabinet.holder (iin, language) select iin, language from fund.person where iin = ${iin}
      on conflict (iin) do nothing`);
    const row = await database.first<{ holderId: string }>(sql`
      insert into cabinet.security_event (holder_id, kind, detail)
      select holder_id, ${kind}, ${json({ reason })}::jsonb from cabinet.holder where iin = ${iin}
      returning holder_id as "holderId"`);
    return row?.holderId;
  };
  return {
    note,
    async unfreeze(iin, reason) {
      // With the freeze goes every link sent before: else whoever still holds one could freeze the cabinet for ever.
      const lifted = await database.transaction(async (transaction) => {
        await transaction.run(sql`select from cabinet.holder where iin = ${iin} for no key update`);
        return transaction.run(sql`
        with thawed as (
          delete from cabinet.freeze f using cabinet.holder h where h.holder_id = f.holder_id and h.iin = ${iin}
          returning f.holder_id),
        ended as (
          update cabinet.disavowal d set ended_at = now() from thawed t
          where d.holder_id = t.holder_id and ended_at is null)
        select from thawed`);
      });
      if (lifted === 1) await note(iin, 'unfrozen', reason);
      return lifted === 1;
    },
    async show(iin, reason) {
      const holderId = await note(iin, 'looked-at', reason);
      const person =
        (await database.first<object>(sql`
          select iin, surname, name, patronymic, language, status, documents, accounts, requisites
          from fund.person where iin = ${iin}`)) ??
        (await database.first<object>(sql`
          select c.person || jsonb_build_object('asOf', c.read_at) as copy
          from cabinet.fund_copy c where c.holder_id = ${holderId ?? null}`));
      const cabinet =
        holderId === undefined
          ? undefined
          : await database.first<object>(sql`
              select r.revision, r.address, r.apartment, r.postcode, r.home_phone as "homePhone",
                r.contact_phone as "contactPhone", r.mobile_phone as "mobilePhone", r.email,
                (select count(*)::int from cabinet.change c where c.holder_id = h.holder_id) as changes,
                (select count(*)::int from cabinet.session s where s.holder_id = h.holder_id and ended_at is null) as sessions,
                exists (select from cabinet.credential c where c.holder_id = h.holder_id) as "hasPassword"
              from cabinet.holder h left join cabinet.requisites r using (holder_id)
              where h.holder_id = ${holderId}`);
      return person || cabinet ? { fund: person ?? null, cabinet: cabinet ?? null } : undefined;
    },
  };
}
