import { z } from 'zod';
import { storable } from './shapes.ts';

/**
 * A problem with one place of an answer. `path` names the place, e.g. `documents[1].type`. It never
 * contains a value or a name that the fund made up.
 */
export interface Fault {
  readonly path: string;
  readonly fault: FaultKind;
}

export type FaultKind =
  | 'missing'
  | 'unknown'
  | 'not text'
  | 'not a list'
  | 'not an object'
  | 'not a number'
  | 'not a date'
  | 'not a moment'
  | 'too long'
  | 'too many'
  | 'not storable'
  /** U+FFFD: the original character was lost in another character set. */
  | 'lost characters'
  | 'given twice';

/** Maximum length of a text. Some people have an address of several hundred characters on file. */
const longestText = 10_000;

const day = z.iso.date();
const moment = z.iso.datetime({ offset: true });

/**
 * Reads single places of an answer and records those that it could not read. Undefined stands for
 * an unreadable place.
 */
export interface Reader {
  readonly faults: readonly Fault[];
  record(path: string, fault: FaultKind): undefined;
  /** A text, or null when absent. */
  text(path: string, value: unknown): string | null | undefined;
  /** A text that must be present. */
  filled(path: string, value: unknown): string | undefined;
  /** One of the known words, or `other`. */
  choice<Known extends string>(path: string, value: unknown, known: readonly Known[]): Known | 'other';
  /** A calendar date, or null when absent. */
  date(path: string, value: unknown): string | null | undefined;
  /** A moment (RFC 3339; a date alone begins at midnight in Astana), or null when absent. */
  moment(path: string, value: unknown): Date | null | undefined;
  /** A number that fits into PostgreSQL's `integer`. */
  count(path: string, value: unknown): number | undefined;
  object(path: string, value: unknown): Readonly<Record<string, unknown>> | undefined;
  /** The first `most` rows. Empty when there is no list. */
  list(path: string, value: unknown, most: number): readonly unknown[];
}

export function createReader(): Reader {
  const faults: Fault[] = [];
  const record = (path: string, fault: FaultKind): undefined => void faults.push({ path, fault });
  const text: Reader['text'] = (path, value) => {
    if (value === null || value === undefined || value === '') return null;
    if (typeof value !== 'string') return record(path, 'not text');
    if (value.length > longestText) return record(path, 'too long');
    if (!storable.test(value)) return record(path, 'not storable');
    if (value.includes('\ufffd')) return record(path, 'lost characters');
    return value;
  };
  return {
    faults,
    record,
    text,
    filled: (path, value) => {
      const read = text(path, value);
      return read === null ? record(path, 'missing') : read;
    },
    choice: (path, value, known) => {
      const found = known.find((one) => one === value);
      if (found === undefined) record(path, value === null || value === undefined ? 'missing' : 'unknown');
      return found ?? 'other';
    },
    date: (path, value) => {
      if (value === null || value === undefined) return null;
      return day.safeParse(value).data ?? record(path, 'not a date');
    },
    moment: (path, value) => {
      if (value === null) return null;
      const read = momentOf(value);
      return read ?? record(path, value === undefined ? 'missing' : 'not a moment');
    },
    count: (path, value) =>
      Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 2_147_483_647
        ? Number(value)
        : record(path, value === undefined ? 'missing' : 'not a number'),
    object: (path, value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Readonly<Record<string, unknown>>)
        : record(path, 'not an object'),
    list: (path, value, most) => {
      if (!Array.isArray(value)) {
        record(path, value === undefined || value === null ? 'missing' : 'not a list');
        return [];
      }
      if (value.length > most) record(path, 'too many');
      return value.slice(0, most);
    },
  };
}

/** RFC 3339 allows a small "t" and "z". */
function momentOf(value: unknown): Date | undefined {
  if (typeof value !== 'string') return undefined;
  if (day.safeParse(value).success) return new Date(`${value}T00:00:00+05:00`);
  const capital = value.toUpperCase();
  return moment.safeParse(capital).success ? new Date(capital) : undefined;
}

/** `documents[1].type: unknown`, for the log. */
export function faultLine({ path, fault }: Fault): string {
  return `${path}: ${fault}`;
}

/** `documents[].type: unknown`, for a metric. The same for every row. */
export function faultLabel({ path, fault }: Fault): string {
  return `${path.replace(/\[\d+\]/g, '[]')}: ${fault}`;
}
