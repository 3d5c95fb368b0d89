import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { LiveSession } from '../../platform/session.ts';
import type { ChangeEntry } from '../changes/change.ts';

/** An entry of the history: a change of the requisites, or a security event. */
export type HistoryEntry =
  | {
      readonly kind: 'change';
      readonly id: string;
      readonly at: Date;
      readonly madeBy: 'holder' | 'fund';
      /** It was lost here, and recorded again from what the fund had. */
      readonly restored: boolean;
      readonly number: string;
      readonly entries: readonly ChangeEntry[];
    }
  | {
      readonly kind: 'event';
      readonly id: string;
      readonly at: Date;
      readonly event: string;
      readonly device: string | null;
      /** How a session was opened, and in which network; null for other events. */
      readonly method: LiveSession['method'] | null;
      readonly network: string | null;
      readonly reason: string | null;
    };

/** What the history can be limited to. */
export const historyParts = ['changes', 'events'] as const;
export type HistoryPart = (typeof historyParts)[number];

/** A part of the history, newest first. */
export interface HistorySlice {
  readonly entries: readonly HistoryEntry[];
  /** The cursor of the older entries, if there are any. */
  readonly older: string | undefined;
}

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly cursor: string;
  readonly event: string | null;
  readonly device: string | null;
  readonly method: LiveSession['method'] | null;
  readonly network: string | null;
  readonly reason: string | null;
  readonly madeBy: 'holder' | 'fund';
  readonly restored: boolean;
  readonly number: string;
  readonly entries: ChangeEntry[];
}

/**
 * Changes and security events of one holder, merged by time: the newest before `cursor`, or the
 * newest of all; or only one of the two. A cursor is a moment and an id, so new rows do not shift
 * it.
 */
export async function readHistory(
  database: Queryable,
  holderId: string,
  cursor: string | undefined,
  size: number,
  only: HistoryPart | undefined,
): Promise<HistorySlice> {
  const [at, id] = readCursor(cursor);
  const rows = await database.rows<Row>(sql`
    select id, made_at as at, to_char(made_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || '-' || id as cursor,
      event, device, method, network, reason, made_by as "madeBy", restored, number, entries
    from (
      (select 'c' || change_id::text as id, made_at, null as event, null as device, null as method, null as network,
         null as reason, made_by, proof = 'restored' as restored, number, entries
       from cabinet.change
       where holder_id = ${holderId} and ${only ?? 'changes'}::text = 'changes'
         and (made_at, 'c' || change_id::text) < (${at}::timestamptz, ${id}::text)
       order by made_at desc, 'c' || change_id::text desc limit ${size + 1})
      union all
      (select 'e' || lpad(event_id::text, 19, '0'), made_at, kind, detail ->> 'device', detail ->> 'method',
         detail ->> 'network', detail ->> 'reason', null, null, null, null
       from cabinet.security_event
       where holder_id = ${holderId} and ${only ?? 'events'}::text = 'events' and kind <> 'requisites-saved'
         and (made_at, 'e' || lpad(event_id::text, 19, '0')) < (${at}::timestamptz, ${id}::text)
       order by made_at desc, event_id desc limit ${size + 1})
    ) merged order by made_at desc, id desc limit ${size + 1}`);
  const shown = rows.slice(0, size);
  return { entries: shown.map(entryOf), older: rows.length > size ? shown.at(-1)?.cursor : undefined };
}

function entryOf(row: Row): HistoryEntry {
  const { id, at, event, device, method, network, reason, madeBy, restored, number, entries } = row;
  return event === null
    ? { kind: 'change', id, at, madeBy, restored, number, entries }
    : { kind: 'event', id, at, event, device, method, network, reason };
}

/** Reads a cursor. Any text that is not one of our cursors shows the newest entries. */
function readCursor(cursor: string | undefined): readonly [string, string] {
  const found =
    /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{6})-([ce][0-9a-f-]{1,40})$/.exec(
      cursor ?? '',
    );
  if (!found) return ['infinity', ''];
  const [, year, month, day, hour, minute, second, micros, id] = found;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const at = new Date(`${iso}.${micros}Z`);
  // JavaScript reads 30 February as 2 March and accepts the year 0. PostgreSQL refuses both.
  const isReal = year !== '0000' && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso);
  return isReal ? [`${iso}.${micros}Z`, id ?? ''] : ['infinity', ''];
}
