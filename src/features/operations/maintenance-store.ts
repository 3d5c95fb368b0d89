import type { MaintenanceWindow } from '../../platform/maintenance.ts';
import { UnderMaintenance } from '../../platform/outage.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/**
 * True while a window is open, by the current time of the clock and not that of the transaction,
 * which may have waited for a lock.
 */
export const maintenanceOpen = sql`exists (
  select from cabinet.maintenance_window
  where ended_at is null and starts_at <= clock_timestamp() and ends_at > clock_timestamp())`;

/** Throws in a transaction that would change something while a window is open. */
export async function refuseUnderMaintenance(tx: Queryable): Promise<void> {
  if (await tx.first(sql`select where ${maintenanceOpen}`)) throw new UnderMaintenance();
}

const columns = sql`
  window_id as id, starts_at as "from", ends_at as until,
  jsonb_build_object('kk', message_kk, 'ru', message_ru, 'en', message_en) as messages`;

/** Windows that are not over, the next one first, and the database's time. */
export interface UpcomingWindows {
  readonly windows: readonly MaintenanceWindow[];
  readonly now: Date;
}

/** Reads the windows that are not over, the next one first, and the database's time. */
export async function readUpcomingWindows(database: Queryable): Promise<UpcomingWindows> {
  const rows = await database.rows<MaintenanceWindow & { now: Date }>(sql`
    select w.*, clock_timestamp() as now
    from (select) as always left join (
      select ${columns} from cabinet.maintenance_window where ended_at is null and ends_at > now()) w on true
    order by w."from"`);
  return {
    windows: rows.flatMap(({ now: _, ...window }) => (window.id === null ? [] : [window])),
    now: rows[0]?.now ?? new Date(),
  };
}

/** A window with its state. */
export interface ListedWindow extends MaintenanceWindow {
  readonly state: 'planned' | 'open' | 'over' | 'ended early' | 'taken back';
}

/** Every window, newest first. */
export function listWindows(database: Queryable): Promise<readonly ListedWindow[]> {
  return database.rows<ListedWindow>(sql`
    select ${columns},
      case when ended_at <= starts_at then 'taken back' when ended_at is not null then 'ended early'
        when now() < starts_at then 'planned' when now() < ends_at then 'open' else 'over' end as state
    from cabinet.maintenance_window order by starts_at desc`);
}

/** Adds a window. @returns its number, or undefined when it would overlap another */
export async function addWindow(
  database: Queryable,
  { from, until, messages: { kk, ru, en } }: Omit<MaintenanceWindow, 'id'>,
): Promise<number | undefined> {
  try {
    const row = await database.first<{ id: number }>(sql`
      insert into cabinet.maintenance_window (starts_at, ends_at, message_kk, message_ru, message_en)
      values (${from}, ${until}, ${kk}, ${ru}, ${en}) returning window_id as id`);
    return row?.id;
  } catch (error) {
    // exclusion_violation
    if ((error as { code?: unknown }).code === '23P01') return undefined;
    throw error;
  }
}

/** Ends a window now, or cancels an announced one. Returns false when there is none to end. */
export async function endWindow(database: Queryable, id: number): Promise<boolean> {
  const ended = await database.run(sql`
    update cabinet.maintenance_window set ended_at = now()
    where window_id = ${id} and ended_at is null and ends_at > now()`);
  return ended === 1;
}
