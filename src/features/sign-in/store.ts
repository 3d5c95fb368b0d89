import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { notifyEverywhere } from '../notices/store.ts';
import { knownBy } from './device-store.ts';

/** Number of failed sign-ins within a day after which the holder is notified, once a day. */
const manyFailures = 10;

/** What is on file for someone who wants to sign in. */
export interface Credential {
  readonly holderId: string;
  readonly passwordHash: string;
}

/**
 * Reads what is on file for an IIN, in one statement whether it is known or not. `knownDevice` is
 * the mark among those sent that this person was given at an earlier sign-in. Marks of other people
 * do not count.
 */
export async function findCredential(
  database: Queryable,
  iin: Iin,
  marks: readonly Buffer[],
): Promise<{ readonly credential: Credential | undefined; readonly knownDevice: Buffer | undefined }> {
  const row = await database.first<Credential & { knownDevice: Buffer | null }>(sql`
    select h.holder_id as "holderId", c.password_hash as "passwordHash",
      (select d.device_hash from cabinet.known_device d where ${knownBy(marks)} order by d.seen_at desc limit 1) as "knownDevice"
    from cabinet.holder h join cabinet.credential c using (holder_id)
    where h.iin = ${iin}`);
  return { credential: row, knownDevice: row?.knownDevice ?? undefined };
}

/**
 * Writes something without meaning. A commit that has something to write waits for the disk and one
 * without does not. This difference of some milliseconds alone showed whether a person exists, so
 * there is always something to write.
 */
export async function writeAnything(transaction: Queryable): Promise<void> {
  await transaction.run(sql`select pg_logical_emit_message(true, 'kabinet', '')`);
}

/**
 * Records a failed attempt for the holder, if there is one, and notifies them of many failures once
 * a day. One statement in both cases.
 */
export async function recordFailure(transaction: Queryable, iin: Iin, requestId: string): Promise<void> {
  const earlier = sql`
    select made_at from cabinet.security_event e
    where e.holder_id = c.holder_id and kind = 'sign-in-failed' order by made_at desc offset ${manyFailures - 2} limit 1`;
  const failed = sql`
    failed as (
      insert into cabinet.security_event (holder_id, kind, request_id)
      select holder_id, 'sign-in-failed', ${requestId} from cabinet.holder where iin = ${iin} returning holder_id),
    told as (
      update cabinet.credential c set failures_told_at = now() from failed
      where c.holder_id = failed.holder_id and coalesce(failures_told_at, '-infinity') < now() - interval '1 day'
        and (${earlier}) > now() - interval '1 day'
      returning c.holder_id)`;
  await notifyEverywhere(transaction, failed, 'many-failures');
}

/** Creates the cabinet of a person who signs in for the first time. */
export async function ensureHolder(transaction: Queryable, iin: Iin, language: Language): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.holder (iin, language) values (${iin}, ${language}) on conflict (iin) do nothing`);
}

/**
 * The holder who signs in by a certificate, and whether the certificate and one of the browser's
 * marks were seen with them before.
 */
export async function readEdsHolder(
  transaction: Queryable,
  iin: Iin,
  { certificate, marks }: { readonly certificate: string; readonly marks: readonly Buffer[] },
): Promise<{ readonly holderId: string; readonly knownKey: boolean; readonly knownDevice: boolean }> {
  const holder = await transaction.first<{ holderId: string; knownKey: boolean; knownDevice: boolean }>(sql`
    select holder_id as "holderId",
      exists (select from cabinet.eds_evidence e where e.holder_id = h.holder_id
              and certificate_sha256 = ${certificate}) as "knownKey",
      exists (select from cabinet.known_device d where ${knownBy(marks)}) as "knownDevice"
    from cabinet.holder h where iin = ${iin}`);
  if (!holder) throw new Error('the holder was not written');
  return holder;
}
