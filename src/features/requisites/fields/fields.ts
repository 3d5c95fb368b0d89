import { displayed, isAsDisplayed } from '../../../values/displayed.ts';
import type { Channel } from '../../notices/channel.ts';
import { addressField, apartmentField } from './address.ts';
import { emailField } from './email.ts';
import type { FieldDefinition } from './field.ts';
import { phoneField } from './phone.ts';
import { postcodeField } from './postcode.ts';

/** The editable fields in the order of the memo. All code about fields follows this list. */
export const fields = [
  addressField,
  apartmentField,
  postcodeField,
  phoneField({
    name: 'homePhone',
    column: 'home_phone',
    number: 'home',
    input: { description: 'landlineHint', inputmode: 'tel', autocomplete: 'home tel' },
    proof: 'session',
  }),
  phoneField({
    name: 'contactPhone',
    column: 'contact_phone',
    number: 'contact',
    input: { description: 'contactPhoneHint', autocomplete: 'work tel' },
    proof: 'session',
  }),
  phoneField({
    name: 'mobilePhone',
    column: 'mobile_phone',
    number: 'mobile',
    input: {
      description: 'phoneHint',
      notice: 'mobileNotice',
      inputmode: 'tel',
      autocomplete: 'mobile tel',
    },
    proof: 'contact',
    channel: 'mobile',
  }),
  emailField,
] as const;

type AnyField = (typeof fields)[number];

export type FieldName = AnyField['name'];

/** Why a value of a field is refused, as keys of the texts. */
export type ValueReason = Extract<ReturnType<AnyField['parse']>, { readonly ok: false }>['reason'];

/** The texts that a field has in addition to its name. */
export type FieldText = NonNullable<AnyField['input']['description' | 'notice']>;

/**
 * The editable requisites. Each is null or a canonical value (phones in E.164, RFC 3966 with an
 * extension).
 */
export type Requisites = Readonly<Record<FieldName, string | null>>;

/** Any field of the list. */
export type RequisiteField = FieldDefinition<FieldName, ValueReason, FieldText>;

/** One value for each field. */
export function eachField<Value>(
  value: (field: RequisiteField) => Value,
): Readonly<Record<FieldName, Value>> {
  return Object.fromEntries(fields.map((field) => [field.name, value(field)])) as Record<FieldName, Value>;
}

const byName = eachField((field) => field);

/**
 * The channel whose value a field holds. Undefined for a field whose change needs only a session.
 */
export function channelOf(name: FieldName): Channel | undefined {
  const field = byName[name];
  return field.proof === 'contact' ? field.channel : undefined;
}

/** The field of each channel. */
export const channelFields: Readonly<Record<Channel, FieldName>> = {
  mobile: fieldOf('mobile'),
  email: fieldOf('email'),
};

function fieldOf(channel: Channel): FieldName {
  const field = fields.find(({ name }) => channelOf(name) === channel);
  if (!field) throw new Error(`no field is the channel ${channel}`);
  return field.name;
}

/** A value as people read it, on one line. Empty when absent. */
export function showValue(name: FieldName, value: string | null): string {
  return displayed(format(name, value));
}

/** The same, but null when absent. */
export function showIfPresent(name: FieldName, value: string | null): string | null {
  return value === null ? null : showValue(name, value);
}

/**
 * Whether a form sent a field back unchanged. Nobody touched the field then, so its value is not
 * checked.
 */
export function isAsShown(name: FieldName, sent: string, value: string | null): boolean {
  return isAsDisplayed(sent, format(name, value));
}

function format(name: FieldName, value: string | null): string {
  return value === null ? '' : byName[name].format(value);
}
