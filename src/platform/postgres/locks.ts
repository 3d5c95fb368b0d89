import { SessionGone } from '../session.ts';
import type { Queryable } from './database.ts';
import { sql } from './sql.ts';

/*
 * The order in which rows are locked (docs/decisions/145-one-lock-order.md):
 *
 * 1. The holder's row in `cabinet.holder`, `for no key update`; of two holders the lower id first.
 *    It comes before any other row of that holder, in every transaction and in every statement that
 *    changes several rows.
 * 2. The holder's other rows, in any order: whoever wants them has the row above.
 * 3. Rows of nobody, last: quotas and counted failures in the order of their keys, the advisory
 *    lock of a mobile number, the minute of the code outcomes.
 *
 * A single statement that changes a single row needs no lock before it. Upkeep deletes in batches
 * and skips what is locked. Foreign keys take `for key share` of the holder's row, which `for no
 * key update` lets pass: an event can be noted meanwhile. `locks.store.test.ts` runs every pair of
 * use cases step by step against each other.
 */

/** Holds a holder's row until the transaction ends: the first lock of all. */
export async function lockHolder(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`select from cabinet.holder where holder_id = ${holderId} for no key update`);
}

/** The same for the holder with this IIN; undefined when there is none. */
export async function lockHolderByIin(transaction: Queryable, iin: string): Promise<string | undefined> {
  const row = await transaction.first<{ holderId: string }>(sql`
    select holder_id as "holderId" from cabinet.holder where iin = ${iin} for no key update`);
  return row?.holderId;
}

/**
 * The same for what is done in a session, which must not have been ended while the transaction
 * waited.
 * @throws SessionGone
 */
export async function lockInSession(
  transaction: Queryable,
  { holderId, sessionHash }: { readonly holderId: string; readonly sessionHash: Buffer },
): Promise<void> {
  const held = await transaction.run(sql`
    select from cabinet.holder h join cabinet.session s using (holder_id)
    where holder_id = ${holderId} and s.session_hash = ${sessionHash} and s.ended_at is null
    for no key update of h for share of s`);
  if (held === 0) throw new SessionGone();
}

/** The same for the holder of an account request, if it has one; one statement in either case. */
export async function lockHolderOfRequest(transaction: Queryable, entryHash: Buffer): Promise<void> {
  await transaction.run(sql`
    select from cabinet.holder where holder_id = (select holder_id from cabinet.entry where entry_hash = ${entryHash})
    for no key update`);
}
