import {
  type AddressSources,
  type Suggestion,
  seemsElsewhere,
  suggestAddresses,
} from '../addresses/addresses.ts';
import { isAsShown } from './fields/fields.ts';
import type { Typed } from './form.ts';
import type { RequisitesView } from './view.ts';

/** What the address block offers beside the fields. */
export interface AddressHelp {
  /** Lines to choose from; undefined when nobody asked. */
  readonly offered: readonly Suggestion[] | undefined;
  readonly degraded: boolean;
  /** The switch is off, so nothing was asked. */
  readonly switchedOff: boolean;
  /** The index seems to belong to another region than the address. */
  readonly elsewhere: boolean;
}

/**
 * Whether the index on the form hints at another region; suggestions only when they were asked for.
 */
export async function helpWithAddress(
  { addresses }: { readonly addresses: AddressSources },
  view: RequisitesView,
  typed: Typed,
  asked: { readonly language: string } | undefined,
): Promise<AddressHelp> {
  // What is on file is not judged each time it is shown.
  const changed = (['address', 'postcode'] as const).some(
    (name) => !isAsShown(name, typed[name], view.stored.values[name]),
  );
  const complete = typed.address !== '' && typed.postcode !== '';
  const elsewhere = changed && complete && (await seemsElsewhere(addresses, typed.address, typed.postcode));
  if (!asked || !typed.kazpost) {
    return { offered: undefined, degraded: false, switchedOff: asked !== undefined, elsewhere };
  }
  // An index alone offers its address.
  const { suggestions, degraded } = await suggestAddresses(
    addresses,
    typed.address.trim() || typed.postcode,
    asked.language,
  );
  return { offered: suggestions, degraded, switchedOff: false, elsewhere };
}
