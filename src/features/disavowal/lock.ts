import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { freeze } from './freeze.ts';

/**
 * Locks a cabinet for its holder: freezes it, and no password opens it until the holder has signed
 * in with EDS or a branch has lifted the lock. All sessions end, also the one that asked.
 */
export function lockCabinet(
  database: Database,
  holder: { readonly holderId: string; readonly requestId: string },
): Promise<void> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holder.holderId);
    await freeze(transaction, holder, 'locked');
  });
}
