import { formatAddress, formatApartment, parseAddress, parseApartment } from '../../../values/address.ts';
import { defineField } from './field.ts';

/** The address in one line. The form offers lines to choose from. */
export const addressField = defineField({
  name: 'address',
  column: 'address',
  kind: 'text',
  parse: parseAddress,
  format: formatAddress,
  same: Object.is,
  input: { block: 'address', description: 'addressHint', autocomplete: 'street-address' },
  proof: 'session',
});

export const apartmentField = defineField({
  name: 'apartment',
  column: 'apartment',
  kind: 'text',
  parse: parseApartment,
  format: formatApartment,
  same: Object.is,
  input: { block: 'address', width: 'short' },
  proof: 'session',
});
