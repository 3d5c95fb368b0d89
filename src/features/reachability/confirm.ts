import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import { writeConfirmation } from './store.ts';

/**
 * Takes the holder's word that everything on file is right.
 * @param revision what the holder saw
 * @returns false when something was changed since: the holder has not seen that
 * @throws SessionGone
 */
export function confirmContacts(database: Database, actor: Actor, revision: number): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    return writeConfirmation(transaction, actor, revision);
  });
}
