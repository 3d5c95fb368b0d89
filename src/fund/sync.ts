import type { RequisitesStore } from '../features/requisites/ports.ts';
import { randomName } from '../platform/keys.ts';
import { SenselessAnswer, WrongPerson } from './errors.ts';
import type { BranchChangeFeed, Fund } from './port.ts';

export interface SyncDeps {
  readonly fund: Fund;
  readonly feed: BranchChangeFeed;
  readonly store: Pick<RequisitesStore, 'takeOver'>;
}

const atOnce = 100;

/**
 * Takes over what branches changed since the last look, so that the notices and waiting times of a changed mobile or e-mail begin at once and
 * not with the person's next visit. Gives how many people were looked at; none when another worker looks.
 */
export async function syncBranchChanges(
  { fund, feed, store }: SyncDeps,
  onError: (error: Error) => void,
): Promise<number> {
  let followed = 0;
  for (;;) {
    const leased = await feed.lease();
    if (!leased) return followed;
    const page = await fund.changesElsewhere(leased.cursor, atOnce);
    for (const { holderId, iin, known } of await feed.behind(page.holders)) {
      try {
        const person = await fund.read(iin, known);
        if (person) await store.takeOver(holderId, person, randomName(10));
        followed += 1;
      } catch (error) {
        // One answer that makes no sense must not keep everybody else waiting: this person is read at their next visit.
        if (!(error instanceof WrongPerson || error instanceof SenselessAnswer)) throw error;
        onError(error);
      }
    }
    await feed.moveOn(page.cursor);
    if (page.holders.length < atOnce) return followed;
  }
}
