import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { tryAdvisoryLock } from '../../platform/postgres/locks.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';

/** The tables that are sealed. */
export const auditSources = [
  'change',
  'security_event',
  'eds_evidence',
  'eds_proof',
  'evidence_seal',
  'audit_retention',
] as const;
export type AuditSource = (typeof auditSources)[number];

/** What a seal says, in the form that is signed. Times are ISO 8601 in UTC with microseconds. */
export interface SealFacts {
  readonly id: number;
  readonly source: AuditSource;
  /** The version of the list of columns that were read. */
  readonly form: number;
  readonly rows: number;
  readonly completeUntil: string;
  readonly sealedAt: string;
}

export interface Seal extends SealFacts {
  readonly entriesHash: Buffer;
  readonly keyMark: Buffer;
  readonly head: Buffer;
}

/** Rows about to be sealed, in order, each with the SHA-256 of its columns. */
export interface Batch {
  readonly facts: SealFacts;
  /** The head of the previous seal. Empty for the first. */
  readonly previous: Buffer;
  readonly rows: readonly { readonly id: string; readonly hash: Buffer }[];
}

/** What is stored of a sealed batch. */
export interface Sealing {
  readonly digests: readonly Buffer[];
  readonly entriesHash: Buffer;
  readonly keyMark: Buffer;
  readonly head: Buffer;
}

/** A row as it was sealed, and the same row now. */
export interface CheckedEntry {
  readonly sealId: number;
  readonly id: string;
  readonly digest: Buffer;
  /** Undefined when the row no longer exists. */
  readonly hash: Buffer | undefined;
  /** The row claims a time that its table's seals had already closed. */
  readonly late: boolean;
}

/**
 * What to keep elsewhere. Somebody who cuts off newer seals, or makes the whole chain again, cannot
 * reproduce it.
 */
export interface AuditHead {
  readonly seal: number;
  readonly sealedAt: string;
  /** Hexadecimal. */
  readonly head: string;
}

/**
 * Maximum number of rows in one seal. One pass over them fits into a statement's time limit, and a
 * broken seal puts no more rows than these in doubt.
 */
const mostRowsOfSeal = 5_000;

/**
 * How much later than its own time a row may commit. Statements end after seconds, and the clocks
 * of two machines differ.
 */
const grace = sql`interval '15 minutes'`;

interface SealedTable {
  readonly form: number;
  /**
   * Every column. A column added to the table later needs a new form, so that older seals stay
   * valid.
   */
  readonly columns: readonly string[];
  readonly table: Sql;
  readonly id: Sql;
  readonly time: Sql;
  /** The entry's text as the table's key. Null when it cannot be one. */
  readonly key: Sql;
  /** SHA-256 of the columns, equal on every machine: texts unchanged, bytes hashed, UTC. */
  readonly hash: Sql;
}

const number = sql`case when e.row_id ~ '^[0-9]{1,18}$' then e.row_id::bigint end`;
const uuid = sql`case when e.row_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then e.row_id::uuid end`;
const iso = (time: Sql) => sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** How each table is read. @internal A test compares it with the columns that the tables have. */
export const sealedTables: Readonly<Record<AuditSource, SealedTable>> = {
  change: {
    form: 1,
    columns: [
      'change_id',
      'holder_id',
      'number',
      'form_id',
      'form_hash',
      'revision',
      'made_by',
      'proof',
      'document',
      'entries',
      'request_id',
      'made_at',
    ],
    table: sql`cabinet.change`,
    id: sql`t.change_id`,
    time: sql`t.made_at`,
    key: uuid,
    hash: sql`sha256(convert_to(jsonb_build_array(t.change_id, t.holder_id, t.number, t.form_id, encode(t.form_hash, 'hex'), t.revision,
      t.made_by, t.proof, t.document, t.entries, t.request_id, ${iso(sql`t.made_at`)})::text, 'UTF8'))`,
  },
  security_event: {
    form: 1,
    columns: ['event_id', 'holder_id', 'kind', 'detail', 'request_id', 'made_at'],
    table: sql`cabinet.security_event`,
    id: sql`t.event_id`,
    time: sql`t.made_at`,
    key: number,
    hash: sql`sha256(convert_to(jsonb_build_array(t.event_id, t.holder_id, t.kind, t.detail, t.request_id,
      ${iso(sql`t.made_at`)})::text, 'UTF8'))`,
  },
  eds_evidence: {
    form: 1,
    columns: [
      'evidence_id',
      'holder_id',
      'purpose',
      'number',
      'content',
      'cms',
      'certificate_sha256',
      'certificate_serial',
      'certificate_until',
      'revocation_source',
      'revocation_as_of',
      'ocsp_response',
      'request_id',
      'challenged_at',
      'verified_at',
    ],
    table: sql`cabinet.eds_evidence`,
    id: sql`t.evidence_id`,
    time: sql`t.verified_at`,
    key: number,
    hash: sql`sha256(convert_to(jsonb_build_array(t.evidence_id, t.holder_id, t.purpose, t.number, encode(sha256(t.content), 'hex'),
      encode(sha256(t.cms), 'hex'), t.certificate_sha256, t.certificate_serial, ${iso(sql`t.certificate_until`)},
      t.revocation_source, ${iso(sql`t.revocation_as_of`)}, encode(sha256(t.ocsp_response), 'hex'), t.request_id,
      ${iso(sql`t.challenged_at`)}, ${iso(sql`t.verified_at`)})::text, 'UTF8'))`,
  },
  eds_proof: {
    form: 1,
    columns: ['proof_id', 'evidence_id', 'kind', 'shared', 'content', 'about', 'made_at'],
    table: sql`cabinet.eds_proof`,
    id: sql`t.proof_id`,
    time: sql`t.made_at`,
    key: number,
    hash: sql`sha256(convert_to(jsonb_build_array(t.proof_id, t.evidence_id, t.kind, t.shared,
      encode(sha256(t.content), 'hex'), ${iso(sql`t.about`)}, ${iso(sql`t.made_at`)})::text, 'UTF8'))`,
  },
  evidence_seal: {
    form: 1,
    columns: ['seal_id', 'kind', 'hash', 'size', 'root', 'seal', 'until', 'made_at'],
    table: sql`cabinet.evidence_seal`,
    id: sql`t.seal_id`,
    time: sql`t.made_at`,
    key: number,
    hash: sql`sha256(convert_to(jsonb_build_array(t.seal_id, t.kind, t.hash, t.size,
      encode(t.root, 'hex'), encode(sha256(t.seal), 'hex'), ${iso(sql`t.until`)}, ${iso(sql`t.made_at`)})::text, 'UTF8'))`,
  },
  audit_retention: {
    form: 1,
    columns: ['retention_id', 'source', 'last_seal', 'rows', 'made_at'],
    table: sql`cabinet.audit_retention`,
    id: sql`t.retention_id`,
    time: sql`t.made_at`,
    key: number,
    hash: sql`sha256(convert_to(jsonb_build_array(t.retention_id, t.source, t.last_seal, t.rows, ${iso(sql`t.made_at`)})::text, 'UTF8'))`,
  },
};

/** A seal without rows records that nothing was added, which reveals a row added later. */
const quiet = sql`interval '1 hour'`;

/** Any number that nothing else uses. The lock is held until the sealing transaction ends. */
const lock = 0x73_65_61_6c;

/**
 * True when no entry names this row. Looked up row by row, because a join of the tables is never
 * cheaper here.
 */
const unnamed = (source: AuditSource, id: Sql) => sql`
  (select true from cabinet.audit_entry e where e.source = ${source} and e.row_id = ${id}::text limit 1) is null`;

/** True when no other node seals or removes rows. The lock lasts until the transaction ends. */
export function lockSealing(tx: Queryable): Promise<boolean> {
  return tryAdvisoryLock(tx, lock);
}

/** A batch, with facts that matter once it is sealed. */
export interface UnsealedBatch extends Batch {
  /** True when the table has more unsealed rows. */
  readonly more: boolean;
  /** True for the first seal of a day in UTC. */
  readonly firstOfDay: boolean;
}

/** The oldest unsealed rows of a table. Undefined when there is nothing to seal. */
export async function readUnsealedBatch(
  tx: Queryable,
  source: AuditSource,
): Promise<UnsealedBatch | undefined> {
  // Forces the planner to read rows by their time and entries by their row. It must never read a
  // whole table, whatever its statistics say.
  await tx.run(sql`
    select set_config(name, 'off', true)
    from unnest(array['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'jit']) as name`);
  const { form, table, id, time, hash } = sealedTables[source];
  const last = await tx.first<{ id: number; head: Buffer; day: string }>(
    sql`select seal_id as id, head, ${iso(sql`sealed_at`)} as day from cabinet.audit_seal order by seal_id desc limit 1`,
  );
  const closed = await tx.first<{ until: string; old: boolean }>(sql`
    select ${iso(sql`complete_until`)} as until, complete_until < now() - ${quiet} as old
    from cabinet.audit_seal where source = ${source} order by seal_id desc limit 1`);
  const since = closed ? sql`and ${time} >= ${closed.until}::timestamptz - ${grace}` : sql``;
  const taken = await tx.rows<{ id: string; hash: Buffer; at: string }>(sql`
    select ${id}::text as id, ${hash} as hash, ${iso(time)} as at from ${table} t
    where ${unnamed(source, id)} ${since}
    order by ${time} limit ${mostRowsOfSeal}`);
  if (taken.length === 0 && closed?.old === false) return undefined;
  const now = await tx.first<{ now: string }>(sql`select ${iso(sql`now()`)} as now`);
  const sealedAt = now?.now ?? '';
  const more = taken.length === mostRowsOfSeal;
  const completeUntil = (more && taken.at(-1)?.at) || sealedAt;
  return {
    facts: { id: (last?.id ?? 0) + 1, source, form, rows: taken.length, completeUntil, sealedAt },
    previous: last?.head ?? Buffer.alloc(0),
    rows: taken.sort((one, other) => order(one.id, other.id)),
    more,
    firstOfDay: last?.day.slice(0, 10) !== sealedAt.slice(0, 10),
  };
}

/** Stores a seal, and an entry for each of its rows. */
export async function writeSeal(tx: Queryable, { facts, rows }: Batch, sealing: Sealing): Promise<void> {
  const { id, source, form, completeUntil, sealedAt } = facts;
  await tx.run(sql`
    insert into cabinet.audit_seal
      (seal_id, source, form, rows, complete_until, sealed_at, entries_hash, key_mark, head)
    values (${id}, ${source}, ${form}, ${facts.rows}, ${completeUntil}, ${sealedAt}, ${sealing.entriesHash},
      ${sealing.keyMark}, ${sealing.head})`);
  await tx.run(sql`
    insert into cabinet.audit_entry (source, row_id, seal_id, digest)
    select ${source}, row_id, ${id}, digest
    from unnest(${rows.map((row) => row.id)}::text[], ${sealing.digests}::bytea[]) as sealed (row_id, digest)`);
}

/** The order in which a seal lists its rows: numbers by size, other ids as text. */
function order(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}

/** The newest seal. */
export function readAuditHead(database: Queryable): Promise<AuditHead | undefined> {
  return database.first<AuditHead>(sql`
    select seal_id as seal, ${iso(sql`sealed_at`)} as "sealedAt", encode(head, 'hex') as head
    from cabinet.audit_seal order by seal_id desc limit 1`);
}

/** Reads one snapshot of the log, however long it takes and whatever is added meanwhile. */
export function readAudit<Value>(
  database: Database,
  work: (tx: Queryable) => Promise<Value>,
): Promise<Value> {
  return database.transaction(
    async (tx) => {
      await tx.run(sql`set transaction isolation level repeatable read, read only`);
      return await work(tx);
    },
    { retry: false },
  );
}

/** The seals after `id`, in order. `retired`: the rows of the seal were removed lawfully. */
export function readSeals(
  tx: Queryable,
  after: number,
  count: number,
): Promise<readonly (Seal & { readonly retired: boolean })[]> {
  return tx.rows<Seal & { retired: boolean }>(sql`
    select seal_id as id, source, form, rows, ${iso(sql`complete_until`)} as "completeUntil",
      ${iso(sql`sealed_at`)} as "sealedAt", entries_hash as "entriesHash", key_mark as "keyMark", head,
      exists (
        select from cabinet.audit_retention r where r.source = s.source and r.last_seal >= s.seal_id
          and s.complete_until < r.made_at - interval '3 years') as retired
    from cabinet.audit_seal s where seal_id > ${after} order by seal_id limit ${count}`);
}

/**
 * The entries of a table in the seals from `first` to `last`, in order, each with its row as it is
 * now.
 */
export async function readSealedEntries(
  tx: Queryable,
  source: AuditSource,
  first: number,
  last: number,
): Promise<readonly CheckedEntry[]> {
  const { table, id, time, key, hash } = sealedTables[source];
  const rows = await tx.rows<Omit<CheckedEntry, 'hash'> & { hash: Buffer | null }>(sql`
    select e.seal_id as "sealId", e.row_id as id, e.digest, now.hash,
      coalesce(now.at < (
        select complete_until - ${grace} from cabinet.audit_seal s
        where s.source = ${source} and s.seal_id < e.seal_id order by s.seal_id desc limit 1), false) as late
    from cabinet.audit_entry e
    left join lateral (select ${hash} as hash, ${time} as at from ${table} t where ${id} = ${key}) as now on true
    where e.source = ${source} and e.seal_id between ${first} and ${last}
    order by e.seal_id, length(e.row_id), e.row_id`);
  return rows.map((row) => ({ ...row, hash: row.hash ?? undefined }));
}

/** The oldest row of a table that no seal names although its time is closed. */
export async function findUnsealedRow(tx: Queryable, source: AuditSource): Promise<string | undefined> {
  const { table, id, time } = sealedTables[source];
  const found = await tx.first<{ id: string }>(sql`
    select ${id}::text as id from ${table} t
    where ${time} < (
        select complete_until - ${grace} from cabinet.audit_seal where source = ${source} order by seal_id desc limit 1)
      and ${unnamed(source, id)}
    order by ${time} limit 1`);
  return found?.id;
}
