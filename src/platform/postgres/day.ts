import { type Sql, sql } from './sql.ts';

/**
 * The day of a moment in Astana, as an expression of the type `date`: always UTC+5, whatever the
 * database knows of time zones.
 * @param moment an expression of the type `timestamptz`
 */
export function dayInAstana(moment: Sql): Sql {
  return sql`((${moment} at time zone 'UTC') + interval '5 hours')::date`;
}

/** Today's date in Astana by the database's clock, as an expression. */
export const todayInAstana = dayInAstana(sql`now()`);
