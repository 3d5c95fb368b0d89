import {
  type AddressReason,
  type ApartmentReason,
  formatAddress,
  formatApartment,
  parseAddress,
  parseApartment,
} from '../../values/address.ts';
import { displayed, isAsDisplayed } from '../../values/displayed.ts';
import { type EmailReason, formatEmail, parseEmail, sameEmail } from '../../values/email.ts';
import { formatPhone, type PhoneReason, parsePhone, samePhone } from '../../values/phone.ts';
import { formatPostcode, type PostcodeReason, parsePostcode } from '../../values/postcode.ts';
import type { Result } from '../../values/result.ts';
import type { ContactReason } from '../contact-change/contact.ts';
import type { FieldName } from './ports.ts';

/** Why a field is refused; each is a key of the texts. */
export type FieldReason =
  | AddressReason
  | ApartmentReason
  | PostcodeReason
  | PhoneReason
  | EmailReason
  | 'addressRequired'
  | ContactReason
  | 'contactMustRemain'
  | 'documentNotValid';

/** Rules that are configuration. */
export interface FieldRules {
  readonly mobilePrefixes: readonly string[];
}

/** An editable field: how what is typed becomes a value, and how the value is shown. */
export interface RequisiteField {
  readonly name: FieldName;
  readonly parse: (text: string, rules: FieldRules) => Result<string, FieldReason>;
  readonly format: (value: string) => string;
  /** Whether two values are one, written in two ways; by default when they are equal. */
  readonly same?: (one: string, other: string, rules: FieldRules) => boolean;
  /** The keys to the account: a change of these needs more proof than a session. */
  readonly needsProof: boolean;
}

/** The editable fields in the order of the memo. Form, confirmation, receipt, history and notices follow this list. */
export const fields: readonly RequisiteField[] = [
  { name: 'address', parse: parseAddress, format: formatAddress, needsProof: false },
  { name: 'apartment', parse: parseApartment, format: formatApartment, needsProof: false },
  { name: 'postcode', parse: parsePostcode, format: formatPostcode, needsProof: false },
  {
    name: 'homePhone',
    parse: (text, { mobilePrefixes }) => parsePhone(text, 'home', mobilePrefixes),
    format: formatPhone,
    same: (one, other, { mobilePrefixes }) => samePhone(one, other, mobilePrefixes),
    needsProof: false,
  },
  {
    name: 'contactPhone',
    parse: (text, { mobilePrefixes }) => parsePhone(text, 'contact', mobilePrefixes),
    format: formatPhone,
    same: (one, other, { mobilePrefixes }) => samePhone(one, other, mobilePrefixes),
    needsProof: false,
  },
  {
    name: 'mobilePhone',
    parse: (text, { mobilePrefixes }) => parsePhone(text, 'mobile', mobilePrefixes),
    format: formatPhone,
    same: (one, other, { mobilePrefixes }) => samePhone(one, other, mobilePrefixes),
    needsProof: true,
  },
  { name: 'email', parse: parseEmail, format: formatEmail, same: sameEmail, needsProof: true },
];

/** A value as people read it, on one line; an absent one is empty. */
export function showValue(name: FieldName, value: string | null): string {
  return displayed(format(name, value));
}

/** Whether a form sent a field back as it showed it: nobody touched the field, so its value is not judged. */
export function isAsShown(name: FieldName, sent: string, value: string | null): boolean {
  return isAsDisplayed(sent, format(name, value));
}

function format(name: FieldName, value: string | null): string {
  if (value === null) return '';
  return fields.find((field) => field.name === name)?.format(value) ?? value;
}
