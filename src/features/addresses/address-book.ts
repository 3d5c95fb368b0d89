import { parsePostcode } from '../../values/postcode.ts';
import type { AddressBook } from '../requisites/ports.ts';
import { type AddressSources, recogniseAddress, suggestAddresses } from './addresses.ts';
import { postcodeSeemsElsewhere } from './postcode-region.ts';

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
