import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';

/** Hours after which an alert about a wrong answer ends when it has not happened again. */
const quietHours = 24;

/** Raises an alert of a kind. One that is raised already stays unchanged. */
export async function raiseAlert(database: Queryable, kind: string, detail: object): Promise<void> {
  await database.run(sql`
    insert into cabinet.alert (kind, detail) values (${kind}, ${json(detail)})
    on conflict (kind) where ended_at is null do nothing`);
}

/** Ends the alert of a kind, if there is one. */
export async function endAlert(database: Queryable, kind: string): Promise<void> {
  await database.run(
    sql`update cabinet.alert set ended_at = now() where kind = ${kind} and ended_at is null`,
  );
}

/** Raises the alert that the fund answered about another person, or counts another occurrence. */
export async function recordWrongPerson(database: Database): Promise<void> {
  await database.run(sql`
    insert into cabinet.alert as a (kind, detail)
    values ('fund-wrong-person', jsonb_build_object('times', 1, 'lastAt', now()))
    on conflict (kind) where ended_at is null do update
    set detail = jsonb_build_object('times', coalesce((a.detail ->> 'times')::int, 1) + 1, 'lastAt', now())`);
}

/**
 * Ends that alert a day after the last occurrence. The row stays, with the number of occurrences.
 */
export async function endQuietAlerts(database: Database): Promise<void> {
  await database.run(sql`
    update cabinet.alert set ended_at = now()
    where kind = 'fund-wrong-person' and ended_at is null
      and coalesce((detail ->> 'lastAt')::timestamptz, raised_at) < now() - make_interval(hours => ${quietHours}::int)`);
}
