import { findKnownPerson, type KnownPersonDeps } from '../../fund/known-person.ts';
import { randomName } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Iin } from '../../values/iin.ts';
import { hasRequisites } from './store.ts';
import { type TakeOverDeps, takeOver } from './take-over.ts';

export interface FetchRequisitesDeps extends KnownPersonDeps, TakeOverDeps {}

/**
 * Fetches the requisites of a holder who has none here, so that their notices can be addressed.
 * Does nothing when the requisites have arrived in the meantime.
 * @throws Undeliverable when the fund does not know the person
 * @throws FundUnavailable when it does not answer
 */
export async function fetchRequisites(deps: FetchRequisitesDeps, message: OutboxMessage): Promise<void> {
  if (await hasRequisites(deps.database, message.holderId)) return;
  const { iin } = message.payload as { readonly iin: Iin };
  const { person } = await findKnownPerson(deps, iin, 0);
  if (!person) throw new Undeliverable('NOT_AT_FUND');
  await takeOver(deps, message.holderId, person, randomName(10));
}
