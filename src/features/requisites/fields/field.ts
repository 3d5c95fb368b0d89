import type { Result } from '../../../values/result.ts';
import type { Channel } from '../../notices/channel.ts';

/** Rules that are configuration. */
export interface FieldRules {
  readonly mobilePrefixes: readonly string[];
}

/** The blocks of the form whose fields a person types into, in their order on the page. */
export type FieldBlock = 'address' | 'phones' | 'accounts';

/**
 * How the form shows a field. Its label is the text of its name; `Text` are keys of the texts of
 * the requisites.
 */
export interface FieldInput<Text extends string = string> {
  readonly block: FieldBlock;
  /** The line under the label. */
  readonly description?: Text;
  /** What the block says of it at its end. */
  readonly notice?: Text;
  /** The keyboard that a phone shows; the usual one where none is named. */
  readonly inputmode?: 'tel' | 'email';
  /** The HTML autofill name. */
  readonly autocomplete?: string;
  /** A short field stands beside others. */
  readonly width?: 'short';
}

/**
 * An editable field of the requisites, whole: whatever shows, checks, stores or sends fields
 * follows the list in `fields.ts`. Only the texts, the migration of its column and the contract
 * with the fund name it once more.
 */
export type FieldDefinition<
  Name extends string = string,
  Reason extends string = string,
  Text extends string = string,
> = {
  /** Its name in the form, the texts, the history and at the fund. */
  readonly name: Name;
  /** Its column in `cabinet.requisites`. */
  readonly column: string;
  readonly kind: 'text' | 'phone' | 'email';
  /** Reads what was typed; `reason` is a key of the texts. */
  readonly parse: (text: string, rules: FieldRules) => Result<string, Reason>;
  /** Writes a value as people read it; `parse` reads that back. */
  readonly format: (value: string) => string;
  /** Whether two values are one, written in two ways. */
  readonly same: (one: string, other: string, rules: FieldRules) => boolean;
  readonly input: FieldInput<Text>;
} & FieldProof;

/**
 * What a change of a field needs: the session it is made in, or a proof over the channels that the
 * account is reached by.
 */
export type FieldProof =
  | { readonly proof: 'session' }
  | {
      readonly proof: 'contact';
      /** The channel that the value is. */
      readonly channel: Channel;
    };

/** A field with the types of its name, its reasons and its texts, which the list gathers. */
export function defineField<
  const Name extends string,
  Reason extends string,
  const Text extends string = never,
>(field: FieldDefinition<Name, Reason, Text>): FieldDefinition<Name, Reason, Text> {
  return field;
}
