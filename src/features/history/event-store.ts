import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';

/** An event in a holder's cabinet, as their history shows it. Rows are only added. */
export interface NewEvent {
  readonly holderId: string;
  /** A key of the texts, `events`. */
  readonly kind: string;
  readonly detail?: Readonly<Record<string, string>>;
  /** Undefined when the event was not caused by a request. */
  readonly requestId?: string | undefined;
}

/**
 * Records a security event of a holder. Its foreign key allows this while another transaction has
 * the holder's row locked.
 */
export async function recordEvent(
  transaction: Queryable,
  { holderId, kind, detail, requestId }: NewEvent,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    values (${holderId}, ${kind}, ${json(detail ?? {})}, ${requestId ?? null})`);
}
