import type { Queryable } from '../../platform/postgres/database.ts';
import { endAccountRequests } from '../account-request/store.ts';
import { endCodes } from '../codes/store.ts';
import { deletePendingChange } from '../contact-change/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import { endSessions } from '../sign-in/session-store.ts';
import { insertFreeze } from './store.ts';

/** `frozen` by "this wasn't me"; `locked` by the holder, which stops sign-ins by password too. */
export type FreezeKind = 'frozen' | 'locked';

/**
 * Stops recovery and contact changes, ends all sessions, deletes what was pending, and notifies the
 * channels on file. The caller has locked the holder's row. A change that held that lock has
 * finished, with its notices. Everything after it sees the freeze.
 */
export async function freeze(
  transaction: Queryable,
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
  kind: FreezeKind,
): Promise<void> {
  await insertFreeze(transaction, holderId, kind === 'locked');
  await endCodes(transaction, holderId);
  await deletePendingChange(transaction, holderId);
  // This includes requests whose code was right. They could otherwise continue when the freeze is
  // lifted.
  await endAccountRequests(transaction, holderId);
  await endSessions(transaction, holderId, kind);
  await recordEvent(transaction, { holderId, kind, requestId });
  // Former channels that still restore the password are notified too. If a thief has changed the
  // others, one of them is the owner's.
  await notifyHolder(transaction, holderId, kind);
}
