import { SessionGone } from '../session.ts';
import type { Database, Queryable } from './database.ts';
import { sql } from './sql.ts';

/*
 * The order in which rows are locked (docs/decisions/145-one-lock-order.md):
 *
 * 1. The holder's row in `cabinet.holder`, `for no key update`. Of two holders, the lower id comes
 *    first. This row comes before any other row of that holder, in every transaction and in every
 *    statement that changes several rows.
 * 2. The holder's other rows, in any order: whoever wants them already has the holder's row.
 * 3. Rows that belong to no holder come last: quotas and counted failures in the order of their
 *    keys, the advisory lock of a mobile number, the minute of the code outcomes.
 *
 * A single statement that changes a single row needs no lock before it. Background deletion works
 * in batches and skips locked rows. Foreign keys take `for key share` on the holder's row, which
 * `for no key update` allows, so an event can be recorded at the same time. `locks.store.test.ts`
 * runs every pair of use cases against each other, step by step.
 */

/** Locks a holder's row until the end of the transaction. This is always the first lock. */
export async function lockHolder(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`select from cabinet.holder where holder_id = ${holderId} for no key update`);
}

/**
 * Waits until a synchronous standby has all that could be read of the holder before. A COMMIT that
 * waits for the standby can end without it (a session that an operator ends, a restart). What it
 * wrote can then be read, and is lost with the primary. The lock is a record in the log behind it.
 */
export async function awaitStandby(database: Pick<Database, 'transaction'>, holderId: string): Promise<void> {
  await database.transaction((transaction) => lockHolder(transaction, holderId));
}

/** Locks the holder with this IIN and returns the id; undefined when there is none. */
export async function lockHolderByIin(transaction: Queryable, iin: string): Promise<string | undefined> {
  const row = await transaction.first<{ holderId: string }>(sql`
    select holder_id as "holderId" from cabinet.holder where iin = ${iin} for no key update`);
  return row?.holderId;
}

/**
 * Locks the holder of a session. The session must not have ended while the transaction waited.
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

/** Locks the holder of an account request, if it has one. It takes one statement in either case. */
export async function lockHolderOfRequest(transaction: Queryable, entryHash: Buffer): Promise<void> {
  await transaction.run(sql`
    select from cabinet.holder where holder_id = (select holder_id from cabinet.entry where entry_hash = ${entryHash})
    for no key update`);
}

/**
 * Takes an advisory lock until the transaction ends, for work that one process does at a time.
 * @param lock any number that nothing else uses
 * @returns false when another process has it
 */
export async function tryAdvisoryLock(transaction: Queryable, lock: number): Promise<boolean> {
  const row = await transaction.first<{ held: boolean }>(
    sql`select pg_try_advisory_xact_lock(${lock}) as held`,
  );
  return row?.held ?? false;
}
