import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { type PersonLine, type PersonLineReason, parsePersonLine } from './people-file.ts';
import { beginImport, compareLines, insertPeople, setPasswords, updatePeople } from './people-store.ts';

export interface ImportOptions {
  /** Whether lines may carry a password. */
  readonly demo: boolean;
  readonly hashPassword: (password: string) => Promise<string>;
  /** Called now and then with the number of people read so far. */
  readonly onProgress?: (read: number) => void;
}

export type ImportOutcome =
  | {
      readonly ok: true;
      readonly read: number;
      readonly added: number;
      readonly changed: number;
      readonly unchanged: number;
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
const problemsShown = 10;

/**
 * Loads people into the embedded fund in one transaction, in the order of the lines. Empty lines
 * are skipped.
 *
 * A line equal to that person's last import does nothing. A different value counts as a change at a
 * branch. The requisites that differ from the last import are written into the fund and recorded in
 * `fund.change_elsewhere`. Documents, accounts, names and status are replaced. Imports wait for
 * each other. The service may run meanwhile.
 */
export async function importPeople(
  database: Database,
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<ImportOutcome> {
  // Called at once, because a `readline` interface drops lines that arrive before somebody listens.
  const source = lines[Symbol.asyncIterator]();
  const problems: LineProblem[] = [];
  const counts = { read: 0, added: 0, changed: 0, unchanged: 0 };
  try {
    await database.transaction(
      async (tx) => {
        await beginImport(tx);
        const hash = oncePerPassword(options.hashPassword);
        for await (const batch of readBatches(source, options, problems)) {
          const { added, changed } = await loadBatch(tx, batch, hash);
          counts.read += batch.length;
          counts.added += added;
          counts.changed += changed;
          counts.unchanged += batch.length - added - changed;
          options.onProgress?.(counts.read);
        }
        if (problems.length > 0) throw new BadFile();
      },
      // The lines have been read and cannot be read again.
      { retry: false },
    );
  } catch (error) {
    if (error instanceof BadFile) return { ok: false, problems };
    throw error;
  }
  return { ok: true, ...counts };
}

/** Thrown to roll the transaction back. */
class BadFile extends Error {}

/**
 * Reads people in batches. After the first bad line it gives no more batches, and adds up to ten
 * bad lines to `problems`.
 */
async function* readBatches(
  source: AsyncIterator<string>,
  options: ImportOptions,
  problems: LineProblem[],
): AsyncGenerator<readonly PersonLine[], void> {
  let batch = new Map<string, PersonLine>();
  let number = 0;
  for await (const raw of { [Symbol.asyncIterator]: () => source }) {
    number++;
    const line = number === 1 ? raw.replace(/^\ufeff/, '') : raw;
    if (line.trim() === '') continue;
    const parsed = parsePersonLine(line, options);
    if (!parsed.ok) {
      const { reason, detail } = parsed;
      problems.push({ line: number, reason, ...(detail !== undefined && { detail }) });
      if (problems.length === problemsShown) break;
    } else if (problems.length === 0) {
      // A person who occurs twice is processed in order, as by two imports.
      if (batch.size === batchSize || batch.has(parsed.value.iin)) {
        yield [...batch.values()];
        batch = new Map();
      }
      batch.set(parsed.value.iin, parsed.value);
    }
  }
  if (problems.length === 0 && batch.size > 0) yield [...batch.values()];
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
