import { formatPostcode, parsePostcode } from '../../../values/postcode.ts';
import { defineField } from './field.ts';

export const postcodeField = defineField({
  name: 'postcode',
  column: 'postcode',
  kind: 'text',
  parse: parsePostcode,
  format: formatPostcode,
  same: Object.is,
  input: {
    block: 'address',
    description: 'postcodeHint',
    autocomplete: 'postal-code',
    width: 'short',
  },
  proof: 'session',
});
