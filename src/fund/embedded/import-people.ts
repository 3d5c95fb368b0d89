import { createHash } from 'node:crypto';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { findLoadedLines, keepLoadedLines } from './import-progress-store.ts';
import { type PersonLine, type PersonLineReason, parsePersonLine } from './people-file.ts';
import { beginImport, compareLines, insertPeople, setPasswords, updatePeople } from './people-store.ts';

export interface ImportOptions {
  /** Whether lines may carry a password. */
  readonly demo: boolean;
  readonly hashPassword: (password: string) => Promise<string>;
  /** Called for each portion of lines that was checked, and for each that was loaded. */
  readonly onProgress?: (done: ImportProgress) => void;
}

/** How far an import is. */
export interface ImportProgress {
  readonly phase: 'checked' | 'loaded';
  /** Lines so far, including empty ones. */
  readonly lines: number;
  /** Lines of the file, once they have been counted. */
  readonly of?: number;
}

export type ImportOutcome =
  | {
      readonly ok: true;
      /** Counts of this run: people loaded before an interruption are not among them. */
      readonly read: number;
      readonly added: number;
      readonly changed: number;
      readonly unchanged: number;
      /** The line after which an interrupted import of this file went on. */
      readonly resumedAfter?: number;
    }
  /** The first bad lines, at most ten. Nothing of the file was loaded. */
  | { readonly ok: false; readonly problems: readonly LineProblem[] };

interface LineProblem {
  /** Counted from 1, including empty lines. */
  readonly line: number;
  readonly reason: PersonLineReason;
  /** The place and the problem, without the value. */
  readonly detail?: string;
}

/**
 * People per statement: enough to make the round trip unimportant, and few enough to need only a
 * few megabytes.
 */
const batchSize = 2_000;
/** Lines of one transaction. An interruption costs no more than these. */
const portionSize = 10_000;
const problemsShown = 10;

/** The file is not what it was when it was checked, or another process loads it, too. */
export class ImportInterfered extends Error {
  override readonly name = 'ImportInterfered';
}

/**
 * Loads people into the embedded fund, in the order of the lines. Empty lines are skipped. The
 * lines are read twice: all are checked before any is loaded, so a bad one is named and nothing
 * changes. Then 10,000 lines at a time are loaded in a transaction each, which also keeps how far
 * that went: an import that was interrupted goes on there when the same lines are imported again.
 * Memory does not grow with the file.
 *
 * A line equal to that person's last import does nothing. A different value counts as a change at a
 * branch. The requisites that differ from the last import are written into the fund and recorded in
 * `fund.change_elsewhere`. Documents, accounts, names and status are replaced. Portions of several
 * imports wait for each other. The service may run meanwhile.
 * @param open gives the lines from the first on; called twice
 * @throws ImportInterfered when the lines have changed meanwhile, or another process loads them
 */
export async function importPeople(
  database: Database,
  open: () => AsyncIterable<string>,
  options: ImportOptions,
): Promise<ImportOutcome> {
  const checked = await checkLines(open(), options);
  if (checked.problems.length > 0) return { ok: false, problems: checked.problems };
  const { hash: file, lines: of } = checked;
  const resumedAfter = await findLoadedLines(database, file);
  const hash = oncePerPassword(options.hashPassword);
  const counts = { read: 0, added: 0, changed: 0, unchanged: 0 };
  let done = 0;
  for await (const { people, from, to } of readAhead(parsedPortions(open(), resumedAfter, options))) {
    done = to;
    await database.transaction(
      async (tx) => {
        await beginImport(tx);
        if (!(await keepLoadedLines(tx, file, { from, to, isLast: to === of })))
          throw new ImportInterfered('another process loads this file');
        for (const batch of batchesOf(people)) {
          const { added, changed } = await loadBatch(tx, batch, hash);
          counts.read += batch.length;
          counts.added += added;
          counts.changed += changed;
          counts.unchanged += batch.length - added - changed;
        }
      },
      // Passwords were hashed, and the counts go on.
      { retry: false },
    );
    options.onProgress?.({ phase: 'loaded', lines: done, of });
  }
  if (done !== of) throw new ImportInterfered(`${of} lines were checked, and ${done} came to be loaded`);
  return { ok: true, ...counts, ...(resumedAfter > 0 && { resumedAfter }) };
}

/** Reads all lines, without keeping them. Stops after ten bad ones. */
async function checkLines(
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<{ readonly hash: Buffer; readonly lines: number; readonly problems: readonly LineProblem[] }> {
  const hash = createHash('sha256');
  const problems: LineProblem[] = [];
  let number = 0;
  for await (const portion of portionsOf(lines)) {
    for (const line of portion) {
      number += 1;
      hash.update(line).update('\n');
      const parsed = parseUnlessEmpty(line, number === 1, options);
      if (!parsed || parsed.ok) continue;
      const { reason, detail } = parsed;
      problems.push({ line: number, reason, ...(detail !== undefined && { detail }) });
      if (problems.length === problemsShown) break;
    }
    if (problems.length === problemsShown) break;
    options.onProgress?.({ phase: 'checked', lines: number });
  }
  return { hash: hash.digest(), lines: number, problems };
}

async function* portionsOf(lines: AsyncIterable<string>): AsyncGenerator<readonly string[], void> {
  let portion: string[] = [];
  for await (const line of lines) {
    portion.push(line);
    if (portion.length === portionSize) {
      yield portion;
      portion = [];
    }
  }
  if (portion.length > 0) yield portion;
}

/** People of a portion: the lines after `from`, up to `to`. */
interface Portion {
  readonly people: readonly PersonLine[];
  readonly from: number;
  readonly to: number;
}

/** Portions after the lines that were loaded before. */
async function* parsedPortions(
  lines: AsyncIterable<string>,
  loaded: number,
  options: ImportOptions,
): AsyncGenerator<Portion, void> {
  let to = 0;
  for await (const portion of portionsOf(lines)) {
    const from = to;
    to += portion.length;
    if (to <= loaded) continue;
    const people = portion.flatMap((line, at) => personIn(line, from + at === 0, options));
    yield { people, from, to };
  }
}

/** Gets the next while the one before is in use: PostgreSQL works meanwhile. */
async function* readAhead<Value>(values: AsyncIterator<Value>): AsyncGenerator<Value, void> {
  let next = values.next();
  for (;;) {
    const got = await next;
    if (got.done) return;
    next = values.next();
    // Whoever stops before it is used is not told.
    next.catch(() => undefined);
    yield got.value;
  }
}

/** Undefined for an empty line. The first may begin with a byte order mark. */
function parseUnlessEmpty(line: string, isFirst: boolean, options: ImportOptions) {
  const text = isFirst ? line.replace(/^\ufeff/, '') : line;
  return text.trim() === '' ? undefined : parsePersonLine(text, options);
}

function personIn(line: string, isFirst: boolean, options: ImportOptions): readonly PersonLine[] {
  const parsed = parseUnlessEmpty(line, isFirst, options);
  if (!parsed) return [];
  if (!parsed.ok) throw new ImportInterfered('a line that was right is wrong now');
  return [parsed.value];
}

/** A person who occurs twice is processed in order, as by two imports. */
function* batchesOf(people: readonly PersonLine[]): Generator<readonly PersonLine[], void> {
  let batch = new Map<string, PersonLine>();
  for (const person of people) {
    if (batch.size === batchSize || batch.has(person.iin)) {
      yield [...batch.values()];
      batch = new Map();
    }
    batch.set(person.iin, person);
  }
  if (batch.size > 0) yield [...batch.values()];
}

async function loadBatch(
  tx: Queryable,
  lines: readonly PersonLine[],
  hash: ImportOptions['hashPassword'],
): Promise<{ readonly added: number; readonly changed: number }> {
  const compared = await compareLines(tx, lines);
  const added = compared.filter(({ before }) => before === 'absent');
  const changed = compared.filter(({ before }) => before === 'other');
  await insertPeople(tx, added);
  await updatePeople(tx, changed);
  const people = compared.filter(({ newPassword }) => newPassword !== undefined);
  const hashes = await Promise.all(people.map(({ newPassword }) => hash(newPassword ?? '')));
  await setPasswords(tx, people, hashes);
  return { added: added.length, changed: changed.length };
}

/**
 * Demonstration people of a load test share a password, and hashing it a million times would take
 * hours. Real people have no password in the file.
 */
function oncePerPassword(hash: ImportOptions['hashPassword']): ImportOptions['hashPassword'] {
  const made = new Map<string, Promise<string>>();
  return (password) => {
    const earlier = made.get(password);
    if (earlier) return earlier;
    const hashed = hash(password);
    if (made.size < 1_000) made.set(password, hashed);
    return hashed;
  };
}
