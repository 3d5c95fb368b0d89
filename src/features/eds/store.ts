import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { keyReminder } from '../reminders/store.ts';
import type { EdsPurpose } from './challenge.ts';
import type { VerifiedSignature } from './verifier.ts';

/** Everything needed to verify a signature again. */
export interface Evidence {
  readonly purpose: EdsPurpose;
  readonly content: Uint8Array;
  readonly cms: Uint8Array;
  readonly signature: VerifiedSignature;
  readonly challengedAt: Date;
}

/**
 * Marks a challenge as spent if it is unspent and at most `seconds` old, in one statement.
 * @returns the database's time, or undefined when the challenge is no longer valid
 */
export async function spendChallenge(
  database: Queryable,
  nonce: Buffer,
  givenAt: Date,
  seconds: number,
): Promise<Date | undefined> {
  const row = await database.first<{ now: Date }>(sql`
    insert into cabinet.eds_spent (nonce, expires_at)
    select ${nonce}, t.ends_at from (select ${givenAt}::timestamptz + make_interval(secs => ${seconds}::int) as ends_at) t
    where t.ends_at > now()
    on conflict (nonce) do nothing
    returning now()`);
  return row?.now;
}

/** Makes a spent challenge valid again, for the rest of its time. */
export async function giveBackChallenge(database: Queryable, nonce: Buffer): Promise<void> {
  await database.run(sql`delete from cabinet.eds_spent where nonce = ${nonce}`);
}

/** The signed message of a change, if it was signed, and the time-stamps that came later. */
export function findSignedMessage(
  database: Queryable,
  holderId: string,
  number: string,
): Promise<{ readonly cms: Buffer; readonly tokens: readonly Buffer[] } | undefined> {
  return database.first(sql`
    select cms, array(select p.content from cabinet.eds_proof p
      where p.evidence_id = e.evidence_id and kind = 'time-stamp' order by proof_id) as tokens
    from cabinet.eds_evidence e where holder_id = ${holderId} and number = ${number}`);
}

/**
 * Stores a verified signature and what shows that it was right. `number` is that of the receipt,
 * for a change, which may then wait for a time-stamp.
 */
export async function keepEvidence(
  transaction: Queryable,
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
  { purpose, content, cms, signature, challengedAt }: Evidence,
  number: string | null,
): Promise<void> {
  const { certificate, revocation, ocspResponse, issuers, lists, lacksTimeStamp } = signature;
  const shared = [
    ...issuers.map((der) => ['issuer', der] as const),
    ...lists.map((der) => ['list', der] as const),
  ];
  const kinds = shared.map(([kind]) => kind);
  const contents = shared.map(([, der]) => Buffer.from(der));
  await transaction.run(sql`
    with remembered as (${keyReminder(holderId, certificate.notAfter)}),
    kept as (insert into cabinet.eds_evidence (holder_id, purpose, number, content, cms,
      certificate_sha256, certificate_serial, certificate_until, revocation_source, revocation_as_of,
      ocsp_response, request_id, challenged_at)
    values (${holderId}, ${purpose}, ${number}, ${Buffer.from(content)}, ${Buffer.from(cms)}, ${certificate.sha256},
      ${certificate.serial}, ${certificate.notAfter}, ${revocation.source}, ${revocation.asOf},
      ${ocspResponse === undefined ? null : Buffer.from(ocspResponse)}, ${requestId}, ${challengedAt})
      returning evidence_id),
    given as (select kind, content, encode(sha256(content), 'hex') as sha256
      from unnest(${kinds}::text[], ${contents}::bytea[]) as g (kind, content)),
    stored as (insert into cabinet.eds_shared (sha256, content)
      select distinct on (sha256) sha256, content from given order by sha256 on conflict (sha256) do nothing),
    proofs as (insert into cabinet.eds_proof (evidence_id, kind, shared)
      select evidence_id, kind, sha256 from kept, given),
    due as (insert into cabinet.evidence_due (evidence_id)
      select evidence_id from kept where ${number !== null})
    insert into cabinet.eds_stamp_wait (evidence_id)
    select evidence_id from kept where ${lacksTimeStamp && number !== null}`);
}
