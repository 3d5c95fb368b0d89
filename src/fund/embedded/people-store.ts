import type { Queryable } from '../../platform/postgres/database.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import { hashPersonLine, type PersonLine } from './people-file.ts';

/** A line of the file, compared with that person's last import. */
export interface ComparedLine {
  readonly line: PersonLine;
  /** The hash of the person, then the hash of the password. */
  readonly importHash: Buffer;
  readonly before: 'absent' | 'other' | 'equal';
  /** Undefined when it equals that of the last import. */
  readonly newPassword: string | undefined;
}

/** Makes this transaction the only import, without a time limit. */
export async function beginImport(tx: Queryable): Promise<void> {
  await tx.run(sql`set local statement_timeout = 0`);
  await tx.run(sql`set local idle_in_transaction_session_timeout = 0`);
  await tx.run(sql`select pg_advisory_xact_lock(hashtext('people import'))`);
}

/** Compares lines with the last import of each person. */
export async function compareLines(
  tx: Queryable,
  lines: readonly PersonLine[],
): Promise<readonly ComparedLine[]> {
  const rows = await tx.rows<{ iin: string; importHash: Buffer }>(sql`
    select iin, import_hash as "importHash" from fund.person where iin = any(${lines.map(({ iin }) => iin)}::text[])`);
  const known = new Map(rows.map(({ iin, importHash }) => [iin, importHash]));
  return lines.map((line) => {
    const { person, password } = hashPersonLine(line);
    const importHash = Buffer.concat([person, password]);
    const last = known.get(line.iin);
    const before = last === undefined ? 'absent' : last.equals(importHash) ? 'equal' : 'other';
    const isKnown = last?.subarray(person.length).equals(password) === true;
    return { line, importHash, before, newPassword: isKnown ? undefined : (line.password ?? undefined) };
  });
}

/** Whether the embedded fund has anybody. */
export async function hasPeople(database: Queryable): Promise<boolean> {
  return (await database.first(sql`select from fund.person limit 1`)) !== undefined;
}

/** Adds people whom the fund does not have yet. */
export async function insertPeople(tx: Queryable, added: readonly ComparedLine[]): Promise<void> {
  if (added.length === 0) return;
  await tx.run(sql`
    with ${asTable(added)}
    insert into fund.person (iin, surname, name, patronymic, language, status, documents, accounts, requisites,
      mobile_since, email_since, imported, import_hash)
    select iin, surname, name, patronymic, language, status, documents, accounts, requisites, mobile_since, email_since,
      requisites, import_hash
    from line`);
}

/**
 * Changes people as a branch would. A branch changed what differs from the last import. A change
 * made in the cabinet since then stays when the branch did not touch that field.
 */
export async function updatePeople(tx: Queryable, changed: readonly ComparedLine[]): Promise<void> {
  if (changed.length === 0) return;
  await tx.run(sql`
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
    select iin, version, fields from difference where fields <> '{}'`);
}

/** Gives people a cabinet with this password. `hashes` are in the order of the people. */
export async function setPasswords(
  tx: Queryable,
  people: readonly ComparedLine[],
  hashes: readonly string[],
): Promise<void> {
  if (people.length === 0) return;
  const iins = people.map(({ line }) => line.iin);
  await tx.run(sql`
    insert into cabinet.holder (iin, language)
    select * from unnest(${iins}::text[], ${people.map(({ line }) => line.language)}::text[])
    on conflict (iin) do nothing`);
  await tx.run(sql`
    insert into cabinet.credential (holder_id, password_hash)
    select h.holder_id, new.password_hash
    from unnest(${iins}::text[], ${hashes}::text[]) as new (iin, password_hash) join cabinet.holder h using (iin)
    on conflict (holder_id) do update set password_hash = excluded.password_hash, set_at = now()`);
}

/**
 * The lines as a table `line`, sent as one JSON text: arrays of twelve columns cost Node.js thrice
 * that.
 */
function asTable(compared: readonly ComparedLine[]): Sql {
  const rows = compared.map(({ line, importHash }) => ({
    iin: line.iin,
    surname: line.surname,
    name: line.name,
    patronymic: line.patronymic,
    language: line.language,
    status: line.status,
    documents: line.documents,
    accounts: line.accounts,
    requisites: line.requisites,
    mobile_since: line.mobileSince,
    email_since: line.emailSince,
    import_hash: `\\x${importHash.toString('hex')}`,
  }));
  return sql`
    line as (
      select * from jsonb_to_recordset(${json(rows)}::jsonb) as line (iin text, surname text, name text, patronymic text,
        language text, status text, documents jsonb, accounts jsonb, requisites jsonb, mobile_since timestamptz,
        email_since timestamptz, import_hash bytea))`;
}
