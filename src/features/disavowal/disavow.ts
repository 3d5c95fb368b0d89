import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { endAccountRequests } from '../account-request/store.ts';
import { endCodes } from '../codes/store.ts';
import { deletePendingChange } from '../contact-change/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import { endSessions } from '../sign-in/session-store.ts';
import type { DisavowalSettings } from './settings.ts';
import { consumeDisavowal, findDisavowalHolder, insertFreeze } from './store.ts';

export interface DisavowalDeps {
  readonly database: Database;
  readonly disavowalSettings: DisavowalSettings;
}

/**
 * Answers a notice with "this wasn't me": stops recovery and contact changes, ends all sessions,
 * deletes what was pending, and notifies the channels on file. A second use of the link changes
 * nothing.
 */
export function disavow(
  { database, disavowalSettings }: DisavowalDeps,
  disavowalId: string,
  requestId: string,
): Promise<void> {
  return database.transaction(async (transaction) => {
    const holderId = await findDisavowalHolder(transaction, disavowalId);
    if (holderId === undefined) return;
    // A change that holds the lock finishes first, with its notices. Everything after this lock
    // sees the freeze.
    await lockHolder(transaction, holderId);
    if (!(await consumeDisavowal(transaction, disavowalId, disavowalSettings.days))) return;
    await insertFreeze(transaction, holderId);
    await endCodes(transaction, holderId);
    await deletePendingChange(transaction, holderId);
    // This includes requests whose code was right. They could otherwise continue when the freeze is
    // lifted.
    await endAccountRequests(transaction, holderId);
    await endSessions(transaction, holderId, 'frozen');
    await recordEvent(transaction, { holderId, kind: 'frozen', requestId });
    // Former channels that still restore the password are notified too. If a thief has changed the
    // others, one of them is the owner's.
    await notifyHolder(transaction, holderId, 'frozen');
  });
}
