import type { Database } from '../../platform/postgres/database.ts';
import { lockHolderByIin } from '../../platform/postgres/locks.ts';
import type { Iin } from '../../values/iin.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import { endSessions } from '../sign-in/session-store.ts';
import { deleteSteps } from './store.ts';

/**
 * Removes every second step of a person who has lost them all, for an operator who has seen their
 * identity document. Their sessions end, every channel is told, and they see the reason.
 * @returns false when the person had no second step
 */
export function resetSecondStep(database: Database, iin: Iin, reason: string): Promise<boolean> {
  return database.transaction(async (transaction) => {
    const holderId = await lockHolderByIin(transaction, iin);
    if (holderId === undefined || !(await deleteSteps(transaction, holderId))) return false;
    await endSessions(transaction, holderId, 'operator');
    await recordEvent(transaction, { holderId, kind: 'second-step-reset', detail: { reason } });
    await notifyHolder(transaction, holderId, 'factor-removed');
    return true;
  });
}
