import type { Queryable } from '../platform/postgres/database.ts';
import { json, sql } from '../platform/postgres/sql.ts';
import type { Iin } from '../values/iin.ts';
import type { FundHolder } from './port.ts';

/** A copy as jsonb stores it. Moments are texts. */
type Kept = Omit<FundHolder, 'mobileSince' | 'emailSince'> & {
  readonly mobileSince: string | null;
  readonly emailSince: string | null;
};

/** Stores the fund's last answer about a holder whom we know, for times when it does not answer. */
export async function keepCopy(database: Queryable, person: FundHolder): Promise<void> {
  // Written only when something differs or the stored time is old, and not at each view of a page.
  await database.run(sql`
    insert into cabinet.fund_copy as c (holder_id, person)
    select holder_id, ${json({ ...person, changesElsewhere: [] })}::jsonb from cabinet.holder where iin = ${person.iin}
    on conflict (holder_id) do update set person = excluded.person, read_at = now()
    where c.person is distinct from excluded.person or c.read_at < now() - interval '5 minutes'`);
}

/** The fund's last answer, unless it is older than the given hours. */
export async function findCopy(
  database: Queryable,
  iin: Iin,
  hours: number,
): Promise<{ readonly person: FundHolder; readonly readAt: Date } | undefined> {
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
}
