import type { Result } from '../../../values/result.ts';
import type { Channel } from '../../notices/channel.ts';

/** Configurable rules. */
export interface FieldRules {
  readonly mobilePrefixes: readonly string[];
}

/** The blocks of the form that have editable fields, in their order on the page. */
export type FieldBlock = 'address' | 'phones' | 'accounts';

/**
 * How the form shows a field. Its label is the text of its name. `Text` are keys of the texts of
 * the requisites.
 */
export interface FieldInput<Text extends string = string> {
  readonly block: FieldBlock;
  /** The line under the label. */
  readonly description?: Text;
  /** The notice about it at the end of the block. */
  readonly notice?: Text;
  /** The keyboard that a phone shows. The usual one when not set. */
  readonly inputmode?: 'tel' | 'email';
  /** The HTML autofill name. */
  readonly autocomplete?: string;
  /** Short fields are shown side by side. */
  readonly width?: 'short';
}

/**
 * The complete definition of an editable field of the requisites. All code that shows, checks,
 * stores or sends fields follows the list in `fields.ts`. Only the texts, the migration of its
 * column and the contract with the fund name the field again.
 */
export type FieldDefinition<
  Name extends string = string,
  Reason extends string = string,
  Text extends string = string,
> = {
  /** Its name in the form, in the texts, in the history and at the fund. */
  readonly name: Name;
  /** Its column in `cabinet.requisites`. */
  readonly column: string;
  readonly kind: 'text' | 'phone' | 'email';
  /** Reads what was typed. `reason` is a key of the texts. */
  readonly parse: (text: string, rules: FieldRules) => Result<string, Reason>;
  /** Writes a value as people read it. `parse` can read the result. */
  readonly format: (value: string) => string;
  /** Whether two values are the same value in different forms. */
  readonly same: (one: string, other: string, rules: FieldRules) => boolean;
  readonly input: FieldInput<Text>;
} & FieldProof;

/**
 * What a change of a field needs: only the session in which it is made, or a proof by the channels
 * of the account.
 */
export type FieldProof =
  | { readonly proof: 'session' }
  | {
      readonly proof: 'contact';
      /** The channel whose value this field holds. */
      readonly channel: Channel;
    };

/** Defines a field with the types of its name, reasons and texts, which the list collects. */
export function defineField<
  const Name extends string,
  Reason extends string,
  const Text extends string = never,
>(field: FieldDefinition<Name, Reason, Text>): FieldDefinition<Name, Reason, Text> {
  return field;
}
