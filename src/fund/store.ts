import type { Database } from '../platform/postgres/database.ts';
import { json, sql } from '../platform/postgres/sql.ts';
import type { Iin } from '../values/iin.ts';
import type { BranchChangeFeed, FundCopies, FundHolder } from './port.ts';

/** A copy as jsonb holds it: moments are texts. */
type Kept = Omit<FundHolder, 'mobileSince' | 'emailSince'> & {
  readonly mobileSince: string | null;
  readonly emailSince: string | null;
};

/** The fund's last answers; shown for so many hours. */
export function fundCopyStore(database: Database, hours: number): FundCopies {
  return {
    async keep(person) {
      // Written when something differs or the time on it has grown old: not at each view of a page.
      await database.run(sql`
        insert into cabinet.fund_copy as c (holder_id, person)
        select holder_id, ${json({ ...person, changesElsewhere: [] })}::jsonb from cabinet.holder where iin = ${person.iin}
        on conflict (holder_id) do update set person = excluded.person, read_at = now()
        where c.person is distinct from excluded.person or c.read_at < now() - interval '5 minutes'`);
    },

    async find(iin) {
      const row = await database.first<{ person: Kept; readAt: Date }>(sql`
        select c.person, c.read_at as "readAt" from cabinet.fund_copy c join cabinet.holder h using (holder_id)
        where h.iin = ${iin} and c.read_at > now() - make_interval(hours => ${hours}::int)`);
      if (!row) return undefined;
      const { mobileSince, emailSince, ...person } = row.person;
      const moment = (text: string | null) => (text === null ? null : new Date(text));
      return {
        person: { ...person, mobileSince: moment(mobileSince), emailSince: moment(emailSince) },
        readAt: row.readAt,
      };
    },
  };
}

/** How far changes made elsewhere were followed, in the service's own tables. A worker that dies holds the lease for 30 seconds. */
export function elsewhereFeed(database: Database): BranchChangeFeed {
  return {
    lease: () =>
      database.first<{ cursor: string | null }>(sql`
        update cabinet.fund_feed set leased_until = now() + interval '30 seconds'
        where feed = 'elsewhere' and coalesce(leased_until, '-infinity') < now() returning cursor`),

    behind: (holders) =>
      database.rows<{ holderId: string; iin: Iin; known: number }>(sql`
        select holder_id as "holderId", h.iin, r.elsewhere_version as known
        from (select iin, max(version) as version
              from unnest(${holders.map(({ iin }) => iin)}::text[], ${holders.map(({ version }) => version)}::int[]) as named (iin, version)
              group by iin) named
          join cabinet.holder h using (iin) join cabinet.requisites r using (holder_id)
        where r.elsewhere_version < named.version`),

    async moveOn(cursor) {
      await database.run(
        sql`update cabinet.fund_feed set cursor = ${cursor}, leased_until = null where feed = 'elsewhere'`,
      );
    },
  };
}
