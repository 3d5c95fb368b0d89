import { formatEmail, parseEmail, sameEmail } from '../../../values/email.ts';
import { defineField } from './field.ts';

export const emailField = defineField({
  name: 'email',
  column: 'email',
  kind: 'email',
  parse: parseEmail,
  format: formatEmail,
  same: sameEmail,
  input: { block: 'accounts', notice: 'emailNotice', inputmode: 'email', autocomplete: 'email' },
  proof: 'contact',
  channel: 'email',
});
