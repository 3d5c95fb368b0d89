import { type TakeOverDeps, takeOver } from '../features/requisites/take-over.ts';
import { randomName } from '../platform/keys.ts';
import { SenselessAnswer, WrongPerson } from './errors.ts';
import type { Fund } from './port.ts';
import { findBehind, leaseCursor, moveCursor } from './sync-store.ts';

export interface SyncDeps extends TakeOverDeps {
  readonly fund: Fund;
}

const atOnce = 100;

/**
 * Takes over what branches have changed since the last look. The notices and waiting times of a
 * changed mobile or e-mail then begin at once, and not at the person's next visit. Returns how many
 * people were read, which is none while another worker is looking.
 */
export async function syncBranchChanges(deps: SyncDeps, onError: (error: Error) => void): Promise<number> {
  const { fund, database } = deps;
  let followed = 0;
  for (;;) {
    const leased = await leaseCursor(database);
    if (!leased) return followed;
    const page = await fund.changesElsewhere(leased.cursor, atOnce);
    for (const { holderId, iin, known } of await findBehind(database, page.holders)) {
      try {
        const person = await fund.read(iin, known);
        if (person) await takeOver(deps, holderId, person, randomName(10));
        followed += 1;
      } catch (error) {
        // One unreadable answer must not delay everybody else. This person is read at their next
        // visit.
        if (!(error instanceof WrongPerson || error instanceof SenselessAnswer)) throw error;
        onError(error);
      }
    }
    await moveCursor(database, page.cursor);
    if (page.holders.length < atOnce) return followed;
  }
}
