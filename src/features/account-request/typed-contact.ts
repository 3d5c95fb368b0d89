import { type EmailReason, parseEmail, sameEmail } from '../../values/email.ts';
import { type PhoneReason, parsePhone } from '../../values/phone.ts';
import { accepted, type Refusal, type Result } from '../../values/result.ts';
import type { Channel } from '../notices/channel.ts';

/** A mobile number or an e-mail address, in its stored form. */
export interface TypedContact {
  readonly channel: Channel;
  readonly value: string;
}

export type TypedContactReason = PhoneReason | EmailReason;

/**
 * Reads the one field that takes either kind of contact. A text with an @ is an e-mail address. The
 * result does not say whose contact it is.
 */
export function parseContact(
  text: string,
  mobilePrefixes: readonly string[],
): Result<TypedContact, TypedContactReason> {
  const email = /[@\uff20\ufe6b]/.test(text);
  const parsed: Result<string, TypedContactReason> = email
    ? parseEmail(text)
    : parsePhone(text, 'mobile', mobilePrefixes);
  return parsed.ok
    ? accepted({ channel: email ? 'email' : 'mobile', value: parsed.value })
    : (parsed as Refusal<TypedContactReason>);
}

/**
 * Whether a typed contact is the one on file. An old value on file that cannot be parsed as a
 * mobile number or address equals nothing.
 */
export function isSameContact(
  typed: TypedContact,
  onFile: TypedContact,
  mobilePrefixes: readonly string[],
): boolean {
  if (typed.channel !== onFile.channel) return false;
  if (typed.channel === 'email') return parseEmail(onFile.value).ok && sameEmail(typed.value, onFile.value);
  const parsed = parsePhone(onFile.value, 'mobile', mobilePrefixes);
  return parsed.ok && parsed.value === typed.value;
}
