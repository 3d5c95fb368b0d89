import type { EdsStore, Evidence, TakenChallenge } from '../../modules/eds/ports.ts';
import type { Database, Queryable } from './database.ts';
import { sql } from './sql.ts';

/** Challenges and evidence in the service's own tables; a challenge's time is the database's. */
export function edsStore(database: Database): EdsStore {
  return {
    async now() {
      const row = await database.first<{ now: Date }>(sql`select now()`);
      if (!row) throw new Error('the database told no time');
      return row.now;
    },

    async giveOut({ id, purpose, binding, content, changeId, seconds }) {
      await database.run(sql`
        insert into cabinet.eds_challenge (challenge_id, purpose, binding, content, change_id, expires_at)
        values (${id}, ${purpose}, ${binding}, ${content}, ${changeId}, now() + make_interval(secs => ${seconds}::int))`);
    },

    take: (id, purpose, binding) =>
      database.first<TakenChallenge>(sql`
        update cabinet.eds_challenge set used_at = now()
        where challenge_id = ${id} and purpose = ${purpose} and binding = ${binding}
          and used_at is null and expires_at > now()
        returning content, change_id as "changeId", created_at as "createdAt", now() as at`),

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
