import { type KnownPersonDeps, knownPerson } from '../../fund/known-person.ts';
import { randomName } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Iin } from '../../values/iin.ts';
import type { RequisitesStore } from './ports.ts';

export interface FetchRequisitesDeps extends KnownPersonDeps {
  readonly store: Pick<RequisitesStore, 'load' | 'takeOver'>;
}

/**
 * Takes over the requisites of a holder who has none here, so that their notices find their channels. Does nothing where there
 * are some by now.
 * @throws Undeliverable when the fund does not know the person; FundUnavailable when it does not answer
 */
export async function fetchRequisites(parts: FetchRequisitesDeps, message: OutboxMessage): Promise<void> {
  const { store } = parts;
  if (await store.load(message.holderId)) return;
  const { iin } = message.payload as { readonly iin: Iin };
  const { person } = await knownPerson(parts, iin, 0);
  if (!person) throw new Undeliverable('NOT_AT_FUND');
  await store.takeOver(message.holderId, person, randomName(10));
}
