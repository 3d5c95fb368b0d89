import type { Database } from '../../platform/postgres/database.ts';
import { dayInAstana } from '../../platform/postgres/day.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import { marking } from './store.ts';

/** A letter that came back. */
export interface ReturnedLetter {
  readonly iin: Iin;
  /** When it was sent, `2026-11-30`. Null: not known. */
  readonly sentOn: string | null;
}

/** Fields of the address. A letter from before their last change went to another address. */
const addressFields = ['address', 'apartment', 'postcode'];

/**
 * Marks the addresses of those who have a cabinet. Each person is looked up by itself: `offset 0`
 * keeps a thousand from being joined with everybody.
 * @returns how many were not marked before
 */
export function markReturned(database: Database, letters: readonly ReturnedLetter[]): Promise<number> {
  const iins = letters.map(({ iin }) => iin);
  const days = letters.map(({ sentOn }) => sentOn);
  return database.transaction(async (tx) => {
    await tx.run(sql`
      select from cabinet.holder where holder_id = any (array(
        select holder_id from unnest(${iins}::text[]) as named (iin)
          cross join lateral (select holder_id from cabinet.holder h where h.iin = named.iin offset 0) as found))
      order by holder_id for no key update`);
    const row = await tx.first<{ marked: number }>(sql`
      with letter as (
        select iin, max(coalesce(sent_on, 'infinity')) as sent_on
        from unnest(${iins}::text[], ${days}::date[]) as letter (iin, sent_on) group by iin),
      ${marking(
        sql`(
          select holder_id, 'post'::text as channel from letter
            cross join lateral (select holder_id from cabinet.holder h where h.iin = letter.iin offset 0) as found
          where sent_on = 'infinity' or not exists (
            select from cabinet.change c
            where c.holder_id = found.holder_id
              and ${dayInAstana(sql`c.made_at`)} > sent_on
              and exists (
                select from jsonb_array_elements(c.entries) as entry
                where entry ->> 'field' = any (${addressFields}::text[]))))`,
        'returned',
      )}
      select count(*)::int as marked from marked`);
    return row?.marked ?? 0;
  });
}
