import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { EdsStore, Evidence } from './ports.ts';

/** Spent challenges and evidence in the service's own tables; time is the database's. */
export function edsStore(database: Database): EdsStore {
  return {
    async now() {
      const row = await database.first<{ now: Date }>(sql`select now()`);
      if (!row) throw new Error('the database told no time');
      return row.now;
    },

    async spend(nonce, givenAt, seconds) {
      const row = await database.first<{ now: Date }>(sql`
        insert into cabinet.eds_spent (nonce, expires_at)
        select ${nonce}, t.ends_at from (select ${givenAt}::timestamptz + make_interval(secs => ${seconds}::int) as ends_at) t
        where t.ends_at > now()
        on conflict (nonce) do nothing
        returning now()`);
      return row?.now;
    },

    async giveBack(nonce) {
      await database.run(sql`delete from cabinet.eds_spent where nonce = ${nonce}`);
    },

    async findMessage(holderId, number) {
      const row = await database.first<{ cms: Buffer }>(sql`
        select cms from cabinet.eds_evidence where holder_id = ${holderId} and number = ${number}`);
      return row?.cms;
    },
  };
}

/** Writes down a verified signature; `number` is the receipt's, for a change. */
export async function keepEvidence(
  transaction: Queryable,
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
  { purpose, content, cms, signature, challengedAt }: Evidence,
  number: string | null,
): Promise<void> {
  const { certificate, revocation, ocspResponse } = signature;
  await transaction.run(sql`
    insert into cabinet.eds_evidence (holder_id, purpose, number, content, cms, certificate_sha256, certificate_serial,
      certificate_until, revocation_source, revocation_as_of, ocsp_response, request_id, challenged_at)
    values (${holderId}, ${purpose}, ${number}, ${Buffer.from(content)}, ${Buffer.from(cms)}, ${certificate.sha256},
      ${certificate.serial}, ${certificate.notAfter}, ${revocation.source}, ${revocation.asOf},
      ${ocspResponse === undefined ? null : Buffer.from(ocspResponse)}, ${requestId}, ${challengedAt})`);
}

/** A proof by EDS ends what "this wasn't me" stopped. */
export async function unfreeze(
  transaction: Queryable,
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
): Promise<void> {
  await transaction.run(sql`
    with ended as (delete from cabinet.freeze where holder_id = ${holderId} returning holder_id),
    links as (
      update cabinet.disavowal d set ended_at = now() from ended e
      where d.holder_id = e.holder_id and d.ended_at is null)
    insert into cabinet.security_event (holder_id, kind, request_id)
    select holder_id, 'unfrozen-by-eds', ${requestId} from ended`);
}
