import type { Database } from '../../platform/postgres/database.ts';
import { lockHolderByIin } from '../../platform/postgres/locks.ts';
import type { Iin } from '../../values/iin.ts';
import { liftFreeze } from './store.ts';

/**
 * Lifts the freeze after "this wasn't me", or a lock, for an operator. The holder sees this and the
 * reason.
 * @returns false when there was no freeze
 */
export function unfreeze(database: Database, iin: Iin, reason: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    const holderId = await lockHolderByIin(transaction, iin);
    return (
      holderId !== undefined &&
      (await liftFreeze(transaction, { holderId, kind: 'unfrozen', detail: { reason } }))
    );
  });
}
