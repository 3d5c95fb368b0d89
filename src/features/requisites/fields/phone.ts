import {
  formatPhone,
  type PhoneKind,
  type PhoneReason,
  parsePhone,
  samePhone,
} from '../../../values/phone.ts';
import { defineField, type FieldDefinition, type FieldInput, type FieldProof } from './field.ts';

/** A telephone number. `number` decides which numbers it accepts. */
export function phoneField<const Name extends string, const Text extends string = never>({
  number,
  ...phone
}: {
  readonly name: Name;
  readonly column: string;
  readonly number: PhoneKind;
  readonly input: Omit<FieldInput<Text>, 'block'>;
} & FieldProof): FieldDefinition<Name, PhoneReason, Text> {
  return defineField({
    ...phone,
    kind: 'phone',
    parse: (text, { mobilePrefixes }) => parsePhone(text, number, mobilePrefixes),
    format: formatPhone,
    same: (one, other, { mobilePrefixes }) => samePhone(one, other, mobilePrefixes),
    input: { ...phone.input, block: 'phones' },
  });
}
