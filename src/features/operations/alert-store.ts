import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';

/** Hours after which a wrong answer that did not come again is no alarm any more. */
const quietHours = 24;

/** Raises an alert of a kind; one that is raised already stays as it is. */
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

/** Raises the alert that the fund answered about somebody else, or notes that it happened again. */
export async function recordWrongPerson(database: Database): Promise<void> {
  await database.run(sql`
    insert into cabinet.alert as a (kind, detail)
    values ('fund-wrong-person', jsonb_build_object('times', 1, 'lastAt', now()))
    on conflict (kind) where ended_at is null do update
    set detail = jsonb_build_object('times', coalesce((a.detail ->> 'times')::int, 1) + 1, 'lastAt', now())`);
}

/** Ends it a day after it happened last. The row stays, with how often it happened. */
export async function endQuietAlerts(database: Database): Promise<void> {
  await database.run(sql`
    update cabinet.alert set ended_at = now()
    where kind = 'fund-wrong-person' and ended_at is null
      and coalesce((detail ->> 'lastAt')::timestamptz, raised_at) < now() - make_interval(hours => ${quietHours}::int)`);
}
