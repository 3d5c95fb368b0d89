import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import { hashPersonLine, type PersonLine, type PersonLineReason, parsePersonLine } from './people-file.ts';

export interface ImportOptions {
  /** Whether lines may carry a password. */
  readonly demo: boolean;
  readonly hashPassword: (password: string) => Promise<string>;
  /** Told, now and then, how many people were read. */
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
  /** The first bad lines, at most ten; nothing of the file was loaded. */
  | { readonly ok: false; readonly problems: readonly LineProblem[] };

interface LineProblem {
  /** Counted from 1, empty lines too. */
  readonly line: number;
  readonly reason: PersonLineReason;
  /** Where and what, without the value. */
  readonly detail?: string;
}

/** People per statement: large enough that the round trip does not count, small enough to stay a few megabytes. */
const batchSize = 2_000;
const problemsShown = 10;

/**
 * Loads people into the embedded fund in one transaction, in the order of the lines; empty lines are passed over.
 *
 * A line equal to that person's last import does nothing. Another value is a change made at a branch: the requisites that
 * differ from the last import are written into the fund and noted in `fund.change_elsewhere`; documents, accounts, names
 * and status are replaced. Imports wait for each other; the service may go on meanwhile.
 */
export async function importPeople(
  database: Database,
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<ImportOutcome> {
  // At once: a `readline` interface drops the lines that come before someone listens.
  const source = lines[Symbol.asyncIterator]();
  const problems: LineProblem[] = [];
  const counts = { read: 0, added: 0, changed: 0, unchanged: 0 };
  try {
    await database.transaction(
      async (transaction) => {
        await transaction.run(sql`set local statement_timeout = 0`);
        await transaction.run(sql`set local idle_in_transaction_session_timeout = 0`);
        await transaction.run(sql`select pg_advisory_xact_lock(hashtext('people import'))`);
        const hash = oncePerPassword(options.hashPassword);
        const load = async (batch: ReadonlyMap<string, PersonLine>) => {
          const { added, changed } = await loadBatch(transaction, [...batch.values()], hash);
          counts.read += batch.size;
          counts.added += added;
          counts.changed += changed;
          counts.unchanged += batch.size - added - changed;
          options.onProgress?.(counts.read);
        };

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
            // A person met twice is taken in order, as by two imports.
            if (batch.size === batchSize || batch.has(parsed.value.iin)) {
              await load(batch);
              batch = new Map();
            }
            batch.set(parsed.value.iin, parsed.value);
          }
        }
        if (problems.length > 0) throw new BadFile();
        if (batch.size > 0) await load(batch);
        // The lines have been read: there is no second time.
      },
      { retry: false },
    );
  } catch (error) {
    if (error instanceof BadFile) return { ok: false, problems };
    throw error;
  }
  return { ok: true, ...counts };
}

/** Rolls the transaction back. */
class BadFile extends Error {}

interface Compared {
  readonly line: PersonLine;
  /** The hash of the person, then the hash of the password. */
  readonly importHash: Buffer;
  readonly before: 'absent' | 'other' | 'equal';
  readonly newPassword: string | null;
}

async function loadBatch(
  transaction: Queryable,
  lines: readonly PersonLine[],
  hash: ImportOptions['hashPassword'],
): Promise<{ readonly added: number; readonly changed: number }> {
  const compared = await compare(transaction, lines);
  const added = compared.filter(({ before }) => before === 'absent');
  const changed = compared.filter(({ before }) => before === 'other');
  if (added.length > 0) await transaction.run(insertPeople(added));
  if (changed.length > 0) await transaction.run(updatePeople(changed));

  const passwords = compared.filter(({ newPassword }) => newPassword !== null);
  if (passwords.length > 0) {
    const hashes = await Promise.all(passwords.map(({ newPassword }) => hash(newPassword ?? '')));
    await setPasswords(transaction, passwords, hashes);
  }
  return { added: added.length, changed: changed.length };
}

async function compare(transaction: Queryable, lines: readonly PersonLine[]): Promise<readonly Compared[]> {
  const rows = await transaction.rows<{ iin: string; importHash: Buffer }>(sql`
    select iin, import_hash as "importHash" from fund.person where iin = any(${lines.map(({ iin }) => iin)}::text[])`);
  const known = new Map(rows.map(({ iin, importHash }) => [iin, importHash]));
  return lines.map((line) => {
    const { person, password } = hashPersonLine(line);
    const importHash = Buffer.concat([person, password]);
    const last = known.get(line.iin);
    const before = last === undefined ? 'absent' : last.equals(importHash) ? 'equal' : 'other';
    const samePassword = last?.subarray(person.length).equals(password) === true;
    return { line, importHash, before, newPassword: samePassword ? null : line.password };
  });
}

/** The lines as a table `line`, one array a column. */
function asTable(compared: readonly Compared[]): Sql {
  const column = <Value>(value: (line: PersonLine) => Value) => compared.map(({ line }) => value(line));
  return sql`
    line as (
      select * from unnest(
        ${column(({ iin }) => iin)}::text[], ${column(({ surname }) => surname)}::text[],
        ${column(({ name }) => name)}::text[], ${column(({ patronymic }) => patronymic)}::text[],
        ${column(({ language }) => language)}::text[], ${column(({ status }) => status)}::text[],
        ${column(({ documents }) => json(documents))}::jsonb[], ${column(({ accounts }) => json(accounts))}::jsonb[],
        ${column(({ requisites }) => json(requisites))}::jsonb[],
        ${column(({ mobileSince }) => mobileSince)}::timestamptz[],
        ${column(({ emailSince }) => emailSince)}::timestamptz[],
        ${compared.map(({ importHash }) => importHash)}::bytea[]
      ) as line (iin, surname, name, patronymic, language, status, documents, accounts, requisites, mobile_since,
        email_since, import_hash))`;
}

function insertPeople(added: readonly Compared[]): Sql {
  return sql`
    with ${asTable(added)}
    insert into fund.person (iin, surname, name, patronymic, language, status, documents, accounts, requisites,
      mobile_since, email_since, imported, import_hash)
    select iin, surname, name, patronymic, language, status, documents, accounts, requisites, mobile_since, email_since,
      requisites, import_hash
    from line`;
}

/**
 * What a branch changed is what differs from the last import: a change made in the cabinet since then stays where the
 * branch touched nothing.
 */
function updatePeople(changed: readonly Compared[]): Sql {
  return sql`
    with ${asTable(changed)},
    difference as (
      select p.iin, p.elsewhere_version + 1 as version,
        (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(line.requisites)
         where value is distinct from p.imported -> key and value is distinct from p.requisites -> key) as fields
      from fund.person p join line using (iin)
      for update of p),
    updated as (
      update fund.person p set
        surname = line.surname, name = line.name, patronymic = line.patronymic, language = line.language,
        status = line.status, documents = line.documents, accounts = line.accounts,
        requisites = p.requisites || d.fields,
        mobile_since = coalesce(line.mobile_since, case when d.fields ? 'mobilePhone' then now() else p.mobile_since end),
        email_since = coalesce(line.email_since, case when d.fields ? 'email' then now() else p.email_since end),
        elsewhere_version = case when d.fields = '{}' then p.elsewhere_version else d.version end,
        imported = line.requisites, import_hash = line.import_hash, updated_at = now()
      from line join difference d using (iin)
      where p.iin = line.iin)
    insert into fund.change_elsewhere (iin, version, fields)
    select iin, version, fields from difference where fields <> '{}'`;
}

async function setPasswords(
  transaction: Queryable,
  people: readonly Compared[],
  hashes: readonly string[],
): Promise<void> {
  const iins = people.map(({ line }) => line.iin);
  await transaction.run(sql`
    insert into cabinet.holder (iin, language)
    select * from unnest(${iins}::text[], ${people.map(({ line }) => line.language)}::text[])
    on conflict (iin) do nothing`);
  await transaction.run(sql`
    insert into cabinet.credential (holder_id, password_hash)
    select h.holder_id, new.password_hash
    from unnest(${iins}::text[], ${hashes}::text[]) as new (iin, password_hash) join cabinet.holder h using (iin)
    on conflict (holder_id) do update set password_hash = excluded.password_hash, set_at = now()`);
}

/**
 * Demonstration people of a load test share a password; hashing it a million times would take hours. Real people have
 * none in the file.
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
