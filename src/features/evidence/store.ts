import type { Queryable } from '../../platform/postgres/database.ts';
import { tryAdvisoryLock } from '../../platform/postgres/locks.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';

/** A signature of a change that needs a time-stamp. */
export interface UnstampedSignature {
  readonly evidenceId: string;
  readonly cms: Buffer;
  readonly content: Buffer;
  readonly attempts: number;
}

/**
 * Takes signatures whose time has come, for a minute: should this process die, another takes them
 * then.
 */
export function takeUnstamped(database: Queryable, most: number): Promise<readonly UnstampedSignature[]> {
  return database.rows<UnstampedSignature>(sql`
    with due as (select evidence_id from cabinet.eds_stamp_wait where next_at <= now()
      order by next_at limit ${most} for update skip locked),
    taken as (update cabinet.eds_stamp_wait w set next_at = now() + interval '1 minute', attempts = attempts + 1
      from due where w.evidence_id = due.evidence_id returning w.evidence_id, w.attempts)
    select taken.evidence_id::text as "evidenceId", cms, content, attempts
    from taken join cabinet.eds_evidence using (evidence_id)`);
}

/** Says why a signature has no time-stamp yet, and when the next attempt is due. */
export async function putOff(
  database: Queryable,
  evidenceId: string,
  failure: string,
  seconds: number,
): Promise<void> {
  await database.run(sql`
    update cabinet.eds_stamp_wait set failure = ${failure}, next_at = now() + make_interval(secs => ${seconds}::int)
    where evidence_id = ${evidenceId}::bigint`);
}

/** Gives taken signatures back at once. */
export async function giveBack(database: Queryable, evidenceIds: readonly string[]): Promise<void> {
  await database.run(sql`
    update cabinet.eds_stamp_wait set next_at = now(), attempts = attempts - 1
    where evidence_id = any(${evidenceIds}::bigint[])`);
}

/**
 * Adds a time-stamp to a signature, with an answer about revocation. Does nothing when another
 * process has done so, or the signature was sealed meanwhile: what a seal covers stays as it is.
 */
export async function addTimeStamp(
  database: Queryable,
  evidenceId: string,
  {
    token,
    time,
    ocspResponse,
  }: { readonly token: Uint8Array; readonly time: Date; readonly ocspResponse: Uint8Array | undefined },
): Promise<void> {
  const answer = ocspResponse === undefined ? null : Buffer.from(ocspResponse);
  await database.run(sql`
    with waited as (delete from cabinet.eds_stamp_wait where evidence_id = ${evidenceId}::bigint returning evidence_id),
    free as (select evidence_id from waited w
      where not exists (select from cabinet.evidence_leaf l where l.evidence_id = w.evidence_id)),
    answered as (insert into cabinet.eds_proof (evidence_id, kind, content)
      select evidence_id, 'ocsp', ${answer}::bytea from free where ${answer !== null})
    insert into cabinet.eds_proof (evidence_id, kind, content, about)
    select evidence_id, 'time-stamp', ${Buffer.from(token)}, ${time} from free`);
}

/** A signature of a change, as it was stored. */
export interface StoredSignature {
  readonly evidenceId: string;
  readonly cms: Buffer;
  readonly content: Buffer;
  readonly ocspResponse: Buffer | null;
  readonly verifiedAt: Date;
}

const signature = sql`e.evidence_id::text as "evidenceId", e.cms, e.content, e.ocsp_response as "ocspResponse",
  e.verified_at as "verifiedAt"`;

/** The signature of a receipt, with the IIN of whose it is. */
export function findSignature(
  database: Queryable,
  number: string,
): Promise<(StoredSignature & { readonly iin: Iin }) | undefined> {
  return database.first(sql`
    select ${signature}, h.iin from cabinet.eds_evidence e join cabinet.holder h using (holder_id)
    where e.number = ${number}`);
}

/** What else is stored of a signature, in the order in which it came. */
export interface StoredProof {
  readonly evidenceId: string;
  readonly kind: 'issuer' | 'list' | 'time-stamp' | 'ocsp';
  readonly content: Buffer;
}

export function readProofParts(
  database: Queryable,
  evidenceIds: readonly string[],
): Promise<readonly StoredProof[]> {
  return database.rows<StoredProof>(sql`
    select p.evidence_id::text as "evidenceId", kind, coalesce(p.content, s.content) as content
    from cabinet.eds_proof p left join cabinet.eds_shared s on s.sha256 = p.shared
    where p.evidence_id = any(${evidenceIds}::bigint[]) order by p.proof_id`);
}

/** A seal of a signature, with all leaves of its tree. */
export interface StoredSeal {
  readonly evidenceId: string;
  readonly sealId: string;
  readonly kind: 'time-stamp' | 'key';
  readonly hash: string;
  readonly size: number;
  readonly place: number;
  readonly seal: Buffer;
}

export function readSealsOf(
  database: Queryable,
  evidenceIds: readonly string[],
): Promise<readonly StoredSeal[]> {
  return database.rows<StoredSeal>(sql`
    select l.evidence_id::text as "evidenceId", s.seal_id::text as "sealId", kind, hash, size, place, seal
    from cabinet.evidence_leaf l join cabinet.evidence_seal s using (seal_id)
    where l.evidence_id = any(${evidenceIds}::bigint[]) order by l.evidence_id, l.ordinal`);
}

/** The leaves of a seal, by their places. */
export async function readLeavesOf(database: Queryable, sealId: string): Promise<readonly Buffer[]> {
  const rows = await database.rows<{ leaf: Buffer }>(sql`
    select leaf from cabinet.evidence_leaf where seal_id = ${sealId}::bigint order by place`);
  return rows.map(({ leaf }) => leaf);
}

/** Any number that nothing else uses. Held until the transaction ends. */
const resealing = 0x72_65_73_6c;

/** True when nobody else seals evidence. The lock lasts until the transaction ends. */
export function lockResealing(tx: Queryable): Promise<boolean> {
  return tryAdvisoryLock(tx, resealing);
}

/** True when the signature of some change is due to be sealed. */
export async function isAnyDue(database: Queryable): Promise<boolean> {
  const row = await database.first<{ due: boolean }>(
    sql`select exists (select from cabinet.evidence_due where due_at <= now()) as due`,
  );
  return row?.due ?? false;
}

/** Which signatures to seal. */
export type Unsealed =
  /** Those that are due, by `evidence_due`. */
  | 'due'
  /**
   * All of changes without a seal, or whose last one was made before a time. Reads every signature.
   */
  | { readonly before: Date };

/**
 * Signatures of changes that need a seal, those with a number above `after` first. Those that wait
 * for a time-stamp are left out if `waiting` says so.
 */
export function readUnsealed(
  tx: Queryable,
  {
    which,
    after,
    waiting,
    most,
  }: {
    readonly which: Unsealed;
    readonly after: string;
    readonly waiting: 'leave-out' | 'take';
    readonly most: number;
  },
): Promise<readonly StoredSignature[]> {
  const ready = sql`(${waiting === 'take'} or
    (select true from cabinet.eds_stamp_wait w where w.evidence_id = e.evidence_id) is null)`;
  if (which === 'due')
    return tx.rows<StoredSignature>(sql`
      select ${signature} from cabinet.evidence_due d join cabinet.eds_evidence e using (evidence_id)
      where d.due_at <= now() and ${ready} order by d.due_at limit ${most}`);
  return tx.rows<StoredSignature>(sql`
    select ${signature} from cabinet.eds_evidence e
    where e.number is not null and e.evidence_id > ${after}::bigint and ${ready} and coalesce((
      select s.made_at < ${which.before} from cabinet.evidence_leaf l join cabinet.evidence_seal s using (seal_id)
      where l.evidence_id = e.evidence_id order by l.ordinal desc limit 1), true)
    order by e.evidence_id limit ${most}`);
}

/** What is about to be sealed without a time-stamp gets none later. */
export async function stopWaiting(tx: Queryable, evidenceIds: readonly string[]): Promise<void> {
  await tx.run(sql`delete from cabinet.eds_stamp_wait where evidence_id = any(${evidenceIds}::bigint[])`);
}

/** A seal that was made, with the leaves that it covers. */
export interface MadeSeal {
  readonly kind: 'time-stamp' | 'key';
  readonly hash: string;
  readonly root: Uint8Array;
  readonly seal: Uint8Array;
  readonly until: Date | null;
  readonly leaves: readonly {
    readonly evidenceId: string;
    readonly ordinal: number;
    readonly leaf: Uint8Array;
  }[];
}

/**
 * Stores a seal. The next one is due after `days`, or 60 days before this one ends, and a month
 * from now at the earliest: a new seal by an authority that ends soon ends just as soon.
 */
export async function writeEvidenceSeal(
  tx: Queryable,
  { kind, hash, root, seal, until, leaves }: MadeSeal,
  days: number,
): Promise<void> {
  const ids = leaves.map(({ evidenceId }) => evidenceId);
  const ordinals = leaves.map(({ ordinal }) => ordinal);
  const hashes = leaves.map(({ leaf }) => Buffer.from(leaf));
  await tx.run(sql`
    with made as (insert into cabinet.evidence_seal (kind, hash, size, root, seal, until)
      values (${kind}, ${hash}, ${leaves.length}, ${Buffer.from(root)}, ${Buffer.from(seal)}, ${until})
      returning seal_id),
    due as (insert into cabinet.evidence_due (evidence_id, due_at)
      select evidence_id, greatest(now() + interval '30 days',
        least(now() + make_interval(days => ${days}::int), ${until}::timestamptz - interval '60 days'))
      from unnest(${ids}::bigint[]) as d (evidence_id)
      on conflict (evidence_id) do update set due_at = excluded.due_at)
    insert into cabinet.evidence_leaf (evidence_id, ordinal, seal_id, place, leaf)
    select evidence_id, ordinal, seal_id, place - 1, leaf from made,
      unnest(${ids}::bigint[], ${ordinals}::int[], ${hashes}::bytea[]) with ordinality
        as g (evidence_id, ordinal, leaf, place)`);
}

/** How the evidence of signed changes stands. */
export interface EvidenceStanding {
  readonly signed: number;
  readonly stamped: number;
  readonly waiting: number;
  readonly waitingSince: Date | null;
  /** Why, of the one that waits longest. */
  readonly failure: string | null;
  readonly unsealed: number;
  /** The end of the first last seal: a new one is due before. */
  readonly until: Date | null;
}

export async function readStandingOfEvidence(database: Queryable): Promise<EvidenceStanding> {
  const row = await database.first<EvidenceStanding>(sql`
    with signed as (select evidence_id from cabinet.eds_evidence where number is not null),
    last as (select distinct on (evidence_id) evidence_id, until
      from cabinet.evidence_leaf join cabinet.evidence_seal using (seal_id) order by evidence_id, ordinal desc),
    oldest as (select since, failure from cabinet.eds_stamp_wait order by since limit 1)
    select (select count(*) from signed)::int as signed,
      (select count(distinct evidence_id) from cabinet.eds_proof where kind = 'time-stamp')::int as stamped,
      (select count(*) from cabinet.eds_stamp_wait)::int as waiting,
      (select since from oldest) as "waitingSince", (select failure from oldest) as failure,
      (select count(*) from signed s
        where not exists (select from last l where l.evidence_id = s.evidence_id))::int as unsealed,
      (select min(until) from last) as until`);
  if (!row) throw new Error('a statement without a row');
  return row;
}
