import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import type { AuditReader, AuditSource, AuditStore, CheckedEntry, Head, Seal } from './audit.ts';

/** Rows in one seal: a pass over them fits into a statement's time, and one broken seal accuses no more than these. */
export const most = 5_000;

/** A row may commit so much later than the time it bears: statements end after seconds, clocks of two machines differ. */
const grace = sql`interval '15 minutes'`;

interface Source {
  readonly form: number;
  /** Every column; what is added to the table later gets a form of its own, so that older seals go on counting. */
  readonly columns: readonly string[];
  readonly table: Sql;
  readonly id: Sql;
  readonly time: Sql;
  /** The entry's text as the table's key; null where it can be none. */
  readonly key: Sql;
  /** SHA-256 of the columns, the same on every machine: texts as they are, bytes hashed, times in UTC. */
  readonly hash: Sql;
}

const number = sql`case when e.row_id ~ '^[0-9]{1,18}$' then e.row_id::bigint end`;
const uuid = sql`case when e.row_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then e.row_id::uuid end`;
const iso = (time: Sql) => sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** How each table is read. A test compares the columns with the tables'. */
export const sources: Readonly<Record<AuditSource, Source>> = {
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

/** A seal of none says that nothing came: so a row put into a quiet night later is found out. */
const quiet = sql`interval '1 hour'`;

/** Any number of our own; held to the end of the transaction that seals. */
const lock = 0x73_65_61_6c;

/** That no entry names this row: looked up for each row, since no join of the tables is ever cheaper here. */
const unnamed = (source: AuditSource, id: Sql) => sql`
  (select true from cabinet.audit_entry e where e.source = ${source} and e.row_id = ${id}::text limit 1) is null`;

/** Seals and their entries. */
export function auditStore(database: Database): AuditStore {
  return {
    seal: (source, make) =>
      database.transaction(async (transaction) => {
        const held = await transaction.first<{ held: boolean }>(
          sql`select pg_try_advisory_xact_lock(${lock}) as held`,
        );
        if (!held?.held) return undefined;
        // Rows by their time and entries by their row: never the whole of a table, whatever its statistics say.
        await transaction.run(sql`
          select set_config(name, 'off', true)
          from unnest(array['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'jit']) as name`);
        const { form, table, id, time, hash } = sources[source];
        const last = await transaction.first<{ id: number; head: Buffer; day: string }>(
          sql`select seal_id as id, head, ${iso(sql`sealed_at`)} as day from cabinet.audit_seal order by seal_id desc limit 1`,
        );
        const closed = await transaction.first<{ until: string; old: boolean }>(sql`
          select ${iso(sql`complete_until`)} as until, complete_until < now() - ${quiet} as old
          from cabinet.audit_seal where source = ${source} order by seal_id desc limit 1`);
        const since = closed ? sql`and ${time} >= ${closed.until}::timestamptz - ${grace}` : sql``;
        const taken = await transaction.rows<{ id: string; hash: Buffer; at: string }>(sql`
          select ${id}::text as id, ${hash} as hash, ${iso(time)} as at from ${table} t
          where ${unnamed(source, id)} ${since}
          order by ${time} limit ${most}`);
        if (taken.length === 0 && closed?.old === false) return undefined;
        const now = await transaction.first<{ now: string }>(sql`select ${iso(sql`now()`)} as now`);
        const sealedAt = now?.now ?? '';
        const more = taken.length === most;
        const facts = {
          id: (last?.id ?? 0) + 1,
          source,
          form,
          rows: taken.length,
          completeUntil: (more && taken.at(-1)?.at) || sealedAt,
          sealedAt,
        };
        const rows = taken.sort((one, other) => order(one.id, other.id));
        const sealing = make({ facts, previous: last?.head ?? Buffer.alloc(0), rows });
        await transaction.run(sql`
          insert into cabinet.audit_seal
            (seal_id, source, form, rows, complete_until, sealed_at, entries_hash, key_mark, head)
          values (${facts.id}, ${source}, ${form}, ${facts.rows}, ${facts.completeUntil}, ${sealedAt}, ${sealing.entriesHash},
            ${sealing.keyMark}, ${sealing.head})`);
        await transaction.run(sql`
          insert into cabinet.audit_entry (source, row_id, seal_id, digest)
          select ${source}, row_id, ${facts.id}, digest
          from unnest(${rows.map((row) => row.id)}::text[], ${sealing.digests}::bytea[]) as sealed (row_id, digest)`);
        return {
          more,
          head: { seal: facts.id, sealedAt, head: sealing.head.toString('hex') },
          firstOfDay: last?.day.slice(0, 10) !== sealedAt.slice(0, 10),
        };
      }),

    head: () =>
      database.first<Head>(sql`
        select seal_id as seal, ${iso(sql`sealed_at`)} as "sealedAt", encode(head, 'hex') as head
        from cabinet.audit_seal order by seal_id desc limit 1`),

    read: (work) =>
      database.transaction(
        async (transaction) => {
          await transaction.run(sql`set transaction isolation level repeatable read, read only`);
          return await work(reader(transaction));
        },
        { retry: false },
      ),
  };
}

/** Numbers by their size, identifiers as they stand: the order in which a seal lists its rows. */
function order(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}

function reader(transaction: Queryable): AuditReader {
  return {
    seals: (after, count) =>
      transaction.rows<Seal & { retired: boolean }>(sql`
        select seal_id as id, source, form, rows, ${iso(sql`complete_until`)} as "completeUntil",
          ${iso(sql`sealed_at`)} as "sealedAt", entries_hash as "entriesHash", key_mark as "keyMark", head,
          exists (
            select from cabinet.audit_retention r where r.source = s.source and r.last_seal >= s.seal_id
              and s.complete_until < r.made_at - interval '3 years') as retired
        from cabinet.audit_seal s where seal_id > ${after} order by seal_id limit ${count}`),

    async entries(source, first, last) {
      const { table, id, time, key, hash } = sources[source];
      const rows = await transaction.rows<Omit<CheckedEntry, 'hash'> & { hash: Buffer | null }>(sql`
        select e.seal_id as "sealId", e.row_id as id, e.digest, now.hash,
          coalesce(now.at < (
            select complete_until - ${grace} from cabinet.audit_seal s
            where s.source = ${source} and s.seal_id < e.seal_id order by s.seal_id desc limit 1), false) as late
        from cabinet.audit_entry e
        left join lateral (select ${hash} as hash, ${time} as at from ${table} t where ${id} = ${key}) as now on true
        where e.source = ${source} and e.seal_id between ${first} and ${last}
        order by e.seal_id, length(e.row_id), e.row_id`);
      return rows.map((row) => ({ ...row, hash: row.hash ?? undefined }));
    },

    async unsealed(source) {
      const { table, id, time } = sources[source];
      const found = await transaction.first<{ id: string }>(sql`
        select ${id}::text as id from ${table} t
        where ${time} < (
            select complete_until - ${grace} from cabinet.audit_seal where source = ${source} order by seal_id desc limit 1)
          and ${unnamed(source, id)}
        order by ${time} limit 1`);
      return found?.id;
    },
  };
}

/**
 * Removes security events of seals that closed longer ago than `years`, whole seals at a time, and records it. Their seals
 * stay, so the chain goes through.
 * @param atOnce seals in one transaction
 * @returns how many rows went
 */
export function retireEvents(database: Database, years: number, atOnce = 5): Promise<number> {
  return database.transaction(async (transaction) => {
    const held = await transaction.first<{ held: boolean }>(
      sql`select pg_try_advisory_xact_lock(${lock}) as held`,
    );
    if (!held?.held) return 0;
    const due = await transaction.rows<{ id: number }>(sql`
      select seal_id as id from cabinet.audit_seal s
      where source = 'security_event' and rows > 0 and complete_until < now() - make_interval(years => ${years})
        and seal_id > coalesce((select max(last_seal) from cabinet.audit_retention where source = 'security_event'), 0)
      order by seal_id limit ${atOnce}`);
    const ids = due.map(({ id }) => id);
    if (ids.length === 0) return 0;
    // A function of the owner: the service's role may have no DELETE on the log.
    const removed = await transaction.first<{ rows: number }>(
      sql`select cabinet.retire_security_events(${ids}::bigint[]) as rows`,
    );
    return removed?.rows ?? 0;
  });
}
