import type { AddressBook } from '../requisites/ports.ts';
import { parsePostcode } from '../requisites/postcode.ts';
import { type AddressSources, recogniseAddress, suggestAddresses } from './addresses.ts';
import { postcodeSeemsElsewhere } from './postcode-region.ts';

/** What the form of the requisites asks of addresses. */
export function addressBook(sources: AddressSources): AddressBook {
  return {
    suggest: (text, language) => suggestAddresses(sources, text, language),
    recognise: (line, postcode, kazpost) =>
      recogniseAddress(kazpost ? sources : { embedded: sources.embedded }, line, postcode),
    async seemsElsewhere(line, postcode) {
      const index = parsePostcode(postcode);
      if (!index.ok) return false;
      // The largest level is enough: the line begins with the region or the city.
      const found = await sources.embedded.byText(line.split(',')[0] ?? '');
      const kato = found.ok ? Number(found.value[0]?.parts[0]?.id) : Number.NaN;
      return Number.isInteger(kato) && postcodeSeemsElsewhere(index.value, kato);
    },
  };
}
