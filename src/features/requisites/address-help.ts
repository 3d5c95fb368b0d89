import {
  type AddressSources,
  type Suggestion,
  seemsElsewhere,
  suggestAddresses,
} from '../addresses/addresses.ts';
import { isAsShown } from './fields/fields.ts';
import type { Typed } from './form.ts';
import type { RequisitesView } from './view.ts';

/** What the address block shows in addition to the fields. */
export interface AddressHelp {
  /** Lines to choose from. Undefined when no search was made. */
  readonly offered: readonly Suggestion[] | undefined;
  readonly degraded: boolean;
  /** The place is known, its streets are not. */
  readonly writeOn?: boolean | undefined;
  /** The switch is off, so no search was made. */
  readonly switchedOff: boolean;
  /** The postcode seems to belong to another region than the address. */
  readonly elsewhere: boolean;
}

/**
 * Whether the postcode on the form seems to belong to another region. Suggestions are included only
 * on request.
 */
export async function helpWithAddress(
  { addresses }: { readonly addresses: AddressSources },
  view: RequisitesView,
  typed: Typed,
  asked: { readonly language: string } | undefined,
): Promise<AddressHelp> {
  // Values on file get no hint when they are merely shown.
  const changed = (['address', 'postcode'] as const).some(
    (name) => !isAsShown(name, typed[name], view.stored.values[name]),
  );
  const complete = typed.address !== '' && typed.postcode !== '';
  const elsewhere = changed && complete && (await seemsElsewhere(addresses, typed.address, typed.postcode));
  if (!asked || !typed.kazpost) {
    return { offered: undefined, degraded: false, switchedOff: asked !== undefined, elsewhere };
  }
  // With a postcode and no address, the addresses of that postcode are offered.
  const { suggestions, degraded, writeOn } = await suggestAddresses(
    addresses,
    typed.address.trim() || typed.postcode,
    asked.language,
  );
  return { offered: suggestions, degraded, writeOn, switchedOff: false, elsewhere };
}
