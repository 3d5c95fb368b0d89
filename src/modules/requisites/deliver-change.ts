import type { Parcel } from '../delivery/ports.ts';
import type { Iin } from '../sign-in/iin.ts';
import type { Fund, Requisites } from './ports.ts';

/** Hands a saved change over to the fund. The payload is what `save` wrote into the outbox. */
export function deliverChange(fund: Fund, parcel: Parcel): Promise<void> {
  const { iin, fields } = parcel.payload as { iin: Iin; fields: Partial<Requisites> };
  if (parcel.changeId === null) throw new Error('a parcel for the fund names no change');
  return fund.apply({ changeId: parcel.changeId, iin, fields });
}
