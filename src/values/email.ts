import { domainToASCII, domainToUnicode } from 'node:url';
import { cleanLine, isWellFormed, nameCharacter } from './cleaning.ts';
import { accepted, type Result, refused } from './result.ts';

declare const emailBrand: unique symbol;

/**
 * An e-mail address in ASCII: the local part as typed, and the domain in lower case (punycode if it
 * had other letters).
 */
export type Email = string & { readonly [emailBrand]: true };

export type EmailReason =
  | 'emailInvalid'
  | 'emailCharacter'
  | 'emailCyrillic'
  | 'emailDots'
  | 'emailDomain'
  | 'emailTooLong';

/** Characters of other widths that mean @. */
const otherAt = /[\uff20\ufe6b]/g;
const cyrillic = /\p{Script=Cyrillic}/u;

const maxLength = 254;
const maxLocalLength = 64;

/**
 * Reads an e-mail address: a dot-atom of RFC 5322, `@`, and a domain name with at least one dot.
 *
 * Some forms are refused although a standard allows them: letters outside ASCII before the `@`,
 * quoted local parts, comments, domain literals, and a domain label that mixes alphabets. They are
 * rare, and each lets two addresses look alike. Spaces at the ends and invisible marks are removed
 * (`cleanLine`). Letters are never replaced, and a Cyrillic one has its own reason. `detail` names
 * the character that is not allowed.
 */
export function parseEmail(text: string): Result<Email, EmailReason> {
  if (text.length > 2 * maxLength) return refused('emailTooLong');
  if (!isWellFormed(text)) return refused('emailCharacter', 'unseen');
  const address = cleanLine(text).replace(otherAt, '@');
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return refused('emailInvalid');
  const local = address.slice(0, at);
  const strange = /[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]/u.exec(local);
  if (strange) return refuseCharacter(strange[0]);
  if (hasMisplacedDot(local)) return refused('emailDots');
  if (local.length > maxLocalLength) return refused('emailTooLong');

  const domain = parseDomain(address.slice(at + 1));
  if (!domain.ok) return domain;
  const email = `${local}@${domain.value}`;
  return email.length > maxLength ? refused('emailTooLong') : accepted(email as Email);
}

/**
 * Shows an address as it is stored. A name in punycode stays in punycode, because its letters may
 * imitate another name.
 */
export function formatEmail(email: string): string {
  return email;
}

/**
 * Whether two addresses reach the same mailbox. A domain always ignores case. No provider in use
 * distinguishes `Aigul@` from `aigul@`, and a phone's keyboard writes the capital by itself. Old
 * values on file that `parseEmail` refuses are compared as text.
 */
export function sameEmail(one: string, other: string): boolean {
  return comparable(one) === comparable(other);
}

function comparable(text: string): string {
  const parsed = parseEmail(text);
  return (parsed.ok ? parsed.value : text).toLowerCase();
}

function hasMisplacedDot(text: string): boolean {
  return text.startsWith('.') || text.endsWith('.') || text.includes('..');
}

function parseDomain(text: string): Result<string, EmailReason> {
  const strange = /[^\p{L}\p{M}\p{Nd}.-]/u.exec(text);
  if (strange) return refuseCharacter(strange[0]);
  if (hasMisplacedDot(text)) return refused('emailDots');
  // Chromium sends the domain of an e-mail field in punycode, so the letters are checked as they
  // were typed.
  const written = text.split('.').map((label) => (/^xn--/i.test(label) && domainToUnicode(label)) || label);
  const mixed = written.find((label) => !isOfOneAlphabet(label));
  if (mixed !== undefined) {
    const among = /[A-Za-z]/.test(mixed) ? cyrillic.exec(mixed) : null;
    return among ? refuseCharacter(among[0]) : refused('emailDomain');
  }
  const domain = domainToASCII(text);
  const labels = domain.split('.');
  if (labels.length < 2 || !labels.every(isLabel) || /^[0-9]+$/.test(labels.at(-1) ?? '')) {
    return refused('emailDomain');
  }
  return accepted(domain);
}

/**
 * A letter from the wrong keyboard layout has its own reason, because it may look exactly like the
 * right one.
 */
function refuseCharacter(character: string): Result<never, EmailReason> {
  return refused(cyrillic.test(character) ? 'emailCyrillic' : 'emailCharacter', nameCharacter(character));
}

function isLabel(label: string): boolean {
  return label.length <= 63 && /^[a-z0-9-]+$/.test(label) && !label.startsWith('-') && !label.endsWith('-');
}

/**
 * ASCII alone, or Cyrillic with ASCII digits. A Cyrillic letter among Latin ones is how `аррӏе.com`
 * is faked.
 */
function isOfOneAlphabet(label: string): boolean {
  return /^[A-Za-z0-9-]*$/.test(label) || /^[\p{Script=Cyrillic}0-9-]*$/u.test(label);
}
