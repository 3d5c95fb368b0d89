import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import type {
  AppliedChange,
  BranchChange,
  BranchChangePage,
  ChangeForFund,
  Fund,
  FundHolder,
} from '../port.ts';

/**
 * The fund's information system as tables of the same database. It is for demonstrations, and for a
 * service that is not yet connected to the fund.
 */
export function createEmbeddedFund(database: Database): Fund {
  const findChange: Fund['findChange'] = async (changeId) => {
    const row = await database.first<{ at: Date }>(
      sql`select applied_at as at from fund.applied_change where change_id = ${changeId}::uuid`,
    );
    return row && { kind: 'applied', at: row.at };
  };

  return {
    read: (iin, since) => readPerson(database, sql`${iin}`, sql`${since ?? null}::int`),
    readBySession(connection, sessionHash) {
      const holder = sql`(select holder_id from cabinet.session where session_hash = ${sessionHash})`;
      return readPerson(
        connection,
        sql`(select iin from cabinet.holder where holder_id = ${holder})`,
        sql`coalesce((select elsewhere_version from cabinet.requisites where holder_id = ${holder}), 0)`,
      );
    },

    // The log of changes and the changed values commit together, and a change id enters the log
    // only once.
    async apply({ changeId, iin, fields, sequence, expectedVersion, madeAt }) {
      const row = await database.first<{ at: Date | null; fresh: boolean }>(sql`
        with person as (
          select elsewhere_version <= ${expectedVersion}::int as fresh, last_sequence < ${sequence}::bigint as in_order
          from fund.person where iin = ${iin} for update),
        applied as (
          insert into fund.applied_change (change_id, iin, fields, sequence, made_at)
          select ${changeId}::uuid, ${iin}, ${json(fields)}::jsonb, ${sequence}::bigint, ${madeAt}::timestamptz
          from person where fresh and in_order
          on conflict (change_id) do nothing returning applied_at),
        effect as (
          update fund.person set requisites = requisites || ${json(fields)}::jsonb, last_sequence = ${sequence}::bigint,
            updated_at = now()
          from applied where iin = ${iin})
        select fresh, (select applied_at from applied) as at from person`);
      if (row?.at) return { kind: 'applied', at: row.at };
      const earlier = await findChange(changeId);
      if (earlier) return earlier;
      if (!row) return { kind: 'refused', reason: 'unknown-holder' };
      return { kind: row.fresh ? 'out-of-order' : 'changed-elsewhere' };
    },

    applyTogether: (changes) => applyAll(database, changes),

    findChange,

    async confirm(iin, confirmedAt) {
      const known = await database.run(sql`
        update fund.person set confirmed_at = greatest(confirmed_at, ${confirmedAt}::timestamptz) where iin = ${iin}`);
      if (known === 0) throw new Undeliverable('unknown-holder');
    },

    async changesElsewhere(cursor, most) {
      const rows = await database.rows<BranchChangePage['holders'][number] & { no: number }>(sql`
        select iin, version, change_no as no from fund.change_elsewhere
        where change_no > coalesce(${cursor}::bigint, 0) order by change_no limit ${most}`);
      return {
        holders: rows.map(({ iin, version }) => ({ iin, version })),
        cursor: rows.at(-1)?.no.toString() ?? cursor,
      };
    },

    appliedChanges: (asked, cursor, most) => listApplied(database, asked, cursor, most),

    available: true,
    close: async () => undefined,
  };
}

/** Reads a person. Both parameters are expressions. */
async function readPerson(connection: Queryable, iin: Sql, since: Sql): Promise<FundHolder | undefined> {
  const row = await connection.first<
    Omit<FundHolder, 'changesElsewhere'> & { changesElsewhere: BranchChange[] | null }
  >(sql`
    select iin, surname, name, patronymic, status, documents, accounts, requisites, mobile_since as "mobileSince",
      email_since as "emailSince", elsewhere_version as "elsewhereVersion",
      case when elsewhere_version > ${since} then
        (select jsonb_agg(jsonb_build_object('version', version, 'fields', fields) order by version)
         from fund.change_elsewhere e where e.iin = p.iin and version > ${since}) end as "changesElsewhere"
    from fund.person p where iin = ${iin}`);
  return row && { ...row, changesElsewhere: row.changesElsewhere ?? [] };
}

/** Lists what was applied on a day. The cursor is the id of the last row. */
async function listApplied(
  database: Queryable,
  { day, iin }: Parameters<Fund['appliedChanges']>[0],
  cursor: string | null,
  most: number,
): ReturnType<Fund['appliedChanges']> {
  const begin = sql`(${day}::date::timestamp at time zone 'UTC')`;
  const changes = await database.rows<AppliedChange>(sql`
    select change_id as "changeId", iin, fields, coalesce(sequence, 0) as sequence,
      coalesce(made_at, applied_at) as "madeAt", applied_at as "appliedAt"
    from fund.applied_change
    where applied_at >= ${begin} and applied_at < ${begin} + interval '1 day'
      and iin = coalesce(${iin ?? null}::text, iin)
      and (applied_at, change_id) > (
        coalesce((select applied_at from fund.applied_change where change_id = ${cursor}::uuid), '-infinity'),
        coalesce(${cursor}::uuid, '00000000-0000-0000-0000-000000000000'))
    order by applied_at, change_id limit ${most}`);
  const last = changes.length < most ? undefined : changes.at(-1);
  return { changes, unread: 0, cursor: last?.changeId ?? null };
}

/**
 * Applies at most one change of each person. A person who is locked (an import, another worker) is
 * left out: one must not hold up all.
 */
async function applyAll(
  database: Queryable,
  changes: readonly ChangeForFund[],
): Promise<ReadonlySet<string>> {
  const sent = changes.map(({ changeId, iin, fields, sequence, expectedVersion, madeAt }) => ({
    change_id: changeId,
    iin,
    fields,
    sequence,
    expected_version: expectedVersion,
    made_at: madeAt,
  }));
  const rows = await database.rows<{ changeId: string }>(sql`
    with sent as (
      select distinct on (iin) * from jsonb_to_recordset(${json(sent)}::jsonb)
        as sent (change_id uuid, iin text, fields jsonb, sequence bigint, expected_version int, made_at timestamptz)
      order by iin, sequence),
    person as (
      select sent.* from sent join fund.person p using (iin)
      where p.elsewhere_version <= sent.expected_version and p.last_sequence < sent.sequence
      order by iin for update of p skip locked),
    applied as (
      insert into fund.applied_change (change_id, iin, fields, sequence, made_at)
      select change_id, iin, fields, sequence, made_at from person
      on conflict (change_id) do nothing returning change_id, iin, fields, sequence),
    effect as (
      update fund.person p set requisites = p.requisites || applied.fields, last_sequence = applied.sequence,
        updated_at = now()
      from applied where p.iin = applied.iin)
    select change_id as "changeId" from applied`);
  return new Set(rows.map(({ changeId }) => changeId));
}
