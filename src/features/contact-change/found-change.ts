import { touchedChannels } from './contact.ts';
import type { ContactChangeDeps } from './deps.ts';
import { type NeededProofs, neededProofs, type PendingChange } from './pending-change.ts';
import { refuseContact } from './standing.ts';
import { findPendingChange, readStanding } from './store.ts';

/** A pending change, and the proofs that it needs. */
export interface FoundChange {
  readonly pending: PendingChange;
  readonly needed: NeededProofs;
  readonly stopped: boolean;
}

/** Finds the pending change of a holder, with everything that its page shows. */
export async function findChange(
  { database, contactSettings }: Pick<ContactChangeDeps, 'database' | 'contactSettings'>,
  holderId: string,
): Promise<FoundChange | undefined> {
  const pending = await findPendingChange(database, holderId, contactSettings.proofMinutes);
  if (!pending) return undefined;
  const standing = await readStanding(database, holderId, contactSettings.waitHours);
  const stopped = !pending.byEds && refuseContact(standing, touchedChannels(pending.entries)) !== undefined;
  return { pending, needed: neededProofs(contactSettings, pending, standing), stopped };
}
