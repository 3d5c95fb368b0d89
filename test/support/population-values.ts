/** The value of a cell, before it is converted to COPY's text format. */
export type Value = string | number | null;

/** Rows of a table. */
export interface Filled {
  readonly table: string;
  readonly columns: string;
  readonly row: (n: number) => readonly Value[];
}

/** A table of the population. */
export interface PeopleTable extends Filled {
  /** Rows for each person. */
  readonly share: number;
}

/** A cell of COPY's text format. */
export function cell(value: Value): string {
  return value === null ? '\\N' : String(value).replaceAll('\\', '\\\\');
}

/**
 * Turns consecutive numbers into scattered keys. Every number from 0 to 4,294,967,295 gets a
 * different one.
 */
function scatter(n: number): number {
  return Math.imul(n ^ (n >>> 16), 0x9e_37_79_b1) >>> 0;
}

/** Sixteen hexadecimal digits, different for each `n` and in no order. */
export function hex(n: number): string {
  return scatter(n).toString(16).padStart(8, '0') + n.toString(16).padStart(8, '0');
}

const kinds = [
  'holder',
  'absent',
  'change',
  'form',
  'code',
  'disavowal',
  'pending',
  'challenge',
  'step',
] as const;

/** A UUID, different for each kind and `n`. */
export function uuid(kind: (typeof kinds)[number], n: number): string {
  const digits = hex(n);
  return `${digits.slice(0, 8)}-${String(kinds.indexOf(kind)).padStart(4, '0')}-4000-8000-0000${digits.slice(8)}`;
}

/** A bytea of this many bytes. */
export function bytes(n: number, size: number): string {
  return `\\x${hex(n)
    .repeat(Math.ceil(size / 8))
    .slice(0, 2 * size)}`;
}

const now = Date.now();

/** A time so many milliseconds ago; a negative number gives a time from now. */
export function atTime(agoMs: number): string {
  return new Date(now - agoMs).toISOString();
}
