import { parsePostcode } from '../../values/postcode.ts';
import { type AddressSources, recogniseAddress, suggestAddresses } from './addresses.ts';
import { postcodeSeemsElsewhere } from './postcode-region.ts';

/** A line that can be chosen for the address. */
export interface OfferedAddress {
  readonly text: string;
  readonly postcode: string | null;
}

/** Suggests addresses and recognises them again; never refuses. */
export interface AddressBook {
  /** Lines for what was typed, best first; `degraded` when Kazpost was meant to answer and did not. */
  suggest(
    text: string,
    language: string,
  ): Promise<{ readonly suggestions: readonly OfferedAddress[]; readonly degraded: boolean }>;
  /** What to store beside the line: its source, or "as entered". Kazpost is asked only with the person's switch on. */
  recognise(line: string, postcode: string | null, kazpost: boolean): Promise<AddressProvenance>;
  /** True when the index seems to belong to another region than the line: a hint, never an error. */
  seemsElsewhere(line: string, postcode: string): Promise<boolean>;
}

/** Where an address comes from, as it is stored. */
export type AddressProvenance = { readonly source: string };

/** Kinds of a place whose name alone says where it is. */
const wide = ['region', 'repcity', 'city'];

/** What the form of the requisites asks of addresses. */
export function createAddressBook(sources: AddressSources): AddressBook {
  return {
    suggest: (text, language) => suggestAddresses(sources, text, language),
    recognise: (line, postcode, kazpost) =>
      recogniseAddress(kazpost ? sources : { embedded: sources.embedded }, line, postcode),
    async seemsElsewhere(line, postcode) {
      const index = parsePostcode(postcode);
      if (!index.ok) return false;
      // The largest level is enough: the line begins with the region or the city. A village tells nothing: many share a name.
      const found = await sources.embedded.byText(line.split(',')[0] ?? '');
      const parts = found.ok ? (found.value[0]?.parts ?? []) : [];
      const kato = Number(parts[0]?.id);
      return (
        wide.includes(parts.at(-1)?.kind ?? '') &&
        Number.isInteger(kato) &&
        postcodeSeemsElsewhere(index.value, kato)
      );
    },
  };
}
