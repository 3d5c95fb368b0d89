import { randomName } from '../../platform/keys.ts';
import type { Parcel } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Iin } from '../../values/iin.ts';
import { type KnownPersonParts, knownPerson } from '../../fund/known-person.ts';
import type { RequisitesStore } from './ports.ts';

export interface IntroduceParts extends KnownPersonParts {
  readonly store: Pick<RequisitesStore, 'load' | 'takeOver'>;
}

/**
 * Takes over the requisites of a holder who has none here, so that their notices find their channels. Does nothing where there
 * are some by now.
 * @throws Undeliverable when the fund does not know the person; FundUnavailable when it does not answer
 */
export async function introduceHolder(parts: IntroduceParts, parcel: Parcel): Promise<void> {
  const { store } = parts;
  if (await store.load(parcel.holderId)) return;
  const { iin } = parcel.payload as { readonly iin: Iin };
  const { person } = await knownPerson(parts, iin, 0);
  if (!person) throw new Undeliverable('NOT_AT_FUND');
  await store.takeOver(parcel.holderId, person, randomName(10));
}
