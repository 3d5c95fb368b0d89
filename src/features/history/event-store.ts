import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';

/**
 * Something that happened to a holder's cabinet, as the holder's history shows it. Rows are only
 * ever added.
 */
export interface NewEvent {
  readonly holderId: string;
  /** A key of the texts, `events`. */
  readonly kind: string;
  readonly detail?: Readonly<Record<string, string>>;
  /** Undefined for what no request asked for. */
  readonly requestId?: string | undefined;
}

/** Records a security event of a holder. Foreign keys let it be recorded beside a locked holder. */
export async function recordEvent(
  transaction: Queryable,
  { holderId, kind, detail, requestId }: NewEvent,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    values (${holderId}, ${kind}, ${json(detail ?? {})}, ${requestId ?? null})`);
}
