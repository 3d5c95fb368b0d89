import type { ChangeElsewhere, Fund, FundHolder } from '../../modules/requisites/ports.ts';
import type { Database } from '../postgres/database.ts';
import { json, sql } from '../postgres/sql.ts';

/** The fund's information system as tables of the same database, for demonstrations and for a service not yet connected. */
export function embeddedFund(database: Database): Fund {
  return {
    async read(iin, sinceElsewhere) {
      const since = sinceElsewhere ?? null;
      const row = await database.first<
        Omit<FundHolder, 'changesElsewhere'> & { changesElsewhere: ChangeElsewhere[] | null }
      >(sql`
        select iin, surname, name, patronymic, status, documents, accounts, requisites, mobile_since as "mobileSince",
          email_since as "emailSince", elsewhere_version as "elsewhereVersion",
          case when elsewhere_version > ${since}::int then
            (select jsonb_agg(jsonb_build_object('version', version, 'fields', fields) order by version)
             from fund.change_elsewhere e where e.iin = p.iin and version > ${since}::int) end as "changesElsewhere"
        from fund.person p where iin = ${iin}`);
      return row && { ...row, changesElsewhere: row.changesElsewhere ?? [] };
    },

    // The effect log and the effect commit together, and a change id enters the log once.
    async apply({ changeId, iin, fields }) {
      await database.run(sql`
        with applied as (
          insert into fund.applied_change (change_id, iin, fields) values (${changeId}::uuid, ${iin}, ${json(fields)}::jsonb)
          on conflict (change_id) do nothing returning iin, fields)
        update fund.person p set requisites = p.requisites || a.fields, updated_at = now()
        from applied a where p.iin = a.iin`);
    },
  };
}
