import type { MaintenanceState, MaintenanceWindow } from '../../platform/maintenance.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { addWindow, readUpcomingWindows, type UpcomingWindows } from './maintenance-store.ts';

const hour = 3_600_000;

/** Milliseconds before a window from which every page announces it. */
const announcedFor = 7 * 24 * hour;
/** Milliseconds before a window at which people should know of it. */
const noticeWanted = 48 * hour;
/** A longer window is taken for a typing error. */
const longest = 12 * hour;
const furthest = 180 * 24 * hour;
const longestMessage = 300;

/** What this process knows of maintenance. */
export interface MaintenanceWatch {
  /** By the database's clock, without a query. */
  state(): MaintenanceState;
  /** Queries the database. */
  refresh(): Promise<void>;
}

/**
 * Keeps the windows in memory, because no page should cost a statement for them. Between two
 * refreshes, this process's steady clock continues from the database's time. While the database is
 * unavailable, the last state stays.
 */
export function createMaintenanceWatch(
  readUpcoming: () => Promise<UpcomingWindows>,
  steadyNow: () => number = () => performance.now(),
): MaintenanceWatch {
  let windows: readonly MaintenanceWindow[] = [];
  let offset = Date.now() - steadyNow();

  return {
    async refresh() {
      const upcoming = await readUpcoming();
      windows = upcoming.windows;
      offset = upcoming.now.getTime() - steadyNow();
    },
    state() {
      const now = steadyNow() + offset;
      const window = windows.find(({ until }) => until.getTime() > now);
      if (!window || window.from.getTime() - now > announcedFor) return { kind: 'none' };
      if (window.from.getTime() > now) return { kind: 'announced', window };
      return { kind: 'open', window, secondsLeft: Math.ceil((window.until.getTime() - now) / 1_000) };
    },
  };
}

/** A window as an operator typed it. */
export interface AskedWindow {
  /** ISO 8601 with an offset; `from` may be `now`. */
  readonly from: string;
  readonly to: string;
  readonly messages: Readonly<Record<Language, string | undefined>>;
}

export type WindowReason =
  | 'fromFormat'
  | 'toFormat'
  | 'backwards'
  | 'past'
  | 'tooLong'
  | 'tooFar'
  | 'messageLength'
  | 'messageCharacter'
  | 'overlap';

/** Each reason in words for the operator. */
export const windowReasons: Readonly<Record<WindowReason, string>> = {
  fromFormat: '--from: a time with its offset is needed, such as 2026-12-05T01:00+05:00, or now',
  toFormat: '--to: a time with its offset is needed, such as 2026-12-05T03:00+05:00',
  backwards: '--to must be after --from',
  past: '--from is in the past; --from now begins at once',
  tooLong: 'a window is 12 hours at most',
  tooFar: '--from is more than 180 days ahead',
  messageLength: `a message has from 1 to ${longestMessage} characters`,
  messageCharacter: 'a message must be one line without control characters',
  overlap: 'it would overlap another window: see `kabinet maintenance list`',
};

/** Plans a window. `shortNotice` is true when people learn of it less than 48 hours before. */
export async function scheduleWindow(
  database: Queryable,
  asked: AskedWindow,
): Promise<Result<{ readonly id: number; readonly shortNotice: boolean }, WindowReason>> {
  const { now } = await readUpcomingWindows(database);
  const checked = checkWindow(asked, now);
  if (!checked.ok) return checked;
  const id = await addWindow(database, checked.value);
  if (id === undefined) return refused('overlap');
  const shortNotice = checked.value.from.getTime() - now.getTime() < noticeWanted;
  return accepted({ id, shortNotice });
}

/**
 * The requested window, if it is valid. @param now the database's time
 *
 * @internal Tests judge every reason at a time of their own, without a database.
 */
export function checkWindow(
  asked: AskedWindow,
  now: Date,
): Result<Omit<MaintenanceWindow, 'id'>, Exclude<WindowReason, 'overlap'>> {
  const from = asked.from === 'now' ? now : readTime(asked.from);
  const until = readTime(asked.to);
  if (!from) return refused('fromFormat');
  if (!until) return refused('toFormat');
  if (from < now) return refused('past');
  if (from >= until) return refused('backwards');
  if (until.getTime() - from.getTime() > longest) return refused('tooLong');
  if (from.getTime() - now.getTime() > furthest) return refused('tooFar');
  const messages = readMessages(asked.messages);
  if (!messages.ok) return messages;
  return accepted({ from, until, messages: messages.value });
}

/**
 * An offset is required. Without it the time zone would depend on the machine that runs the
 * command.
 */
function readTime(text: string): Date | undefined {
  const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;
  const time = shape.test(text) ? new Date(text) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time : undefined;
}

function readMessages(
  messages: AskedWindow['messages'],
): Result<MaintenanceWindow['messages'], 'messageLength' | 'messageCharacter'> {
  const read: Record<Language, string | null> = { kk: null, ru: null, en: null };
  for (const [language, message] of Object.entries(messages) as [Language, string | undefined][]) {
    if (message === undefined) continue;
    const text = message.trim().normalize('NFC');
    if (text === '' || [...text].length > longestMessage) return refused('messageLength');
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return refused('messageCharacter');
    read[language] = text;
  }
  return accepted(read);
}
