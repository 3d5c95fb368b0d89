import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { freeze } from './freeze.ts';
import type { DisavowalSettings } from './settings.ts';
import { consumeDisavowal, findDisavowalHolder } from './store.ts';

export interface DisavowalDeps {
  readonly database: Database;
  readonly disavowalSettings: DisavowalSettings;
}

/**
 * Answers a notice with "this wasn't me" by freezing the cabinet. A second use of the link changes
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
    await lockHolder(transaction, holderId);
    if (!(await consumeDisavowal(transaction, disavowalId, disavowalSettings.days))) return;
    await freeze(transaction, { holderId, requestId }, 'frozen');
  });
}
