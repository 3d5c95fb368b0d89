import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { cleanWords, isWellFormed, nameCharacter } from './cleaning.ts';
import { accepted, type Result, refused } from './result.ts';

declare const phoneBrand: unique symbol;

/**
 * A number of Kazakhstan in E.164, with an extension by RFC 3966: `+77011234567`,
 * `+77172551234;ext=12`.
 */
export type Phone = string & { readonly [phoneBrand]: true };

/**
 * The field that the number is for. Only a contact number may have an extension, and only a mobile
 * one must belong to a mobile provider.
 */
export type PhoneKind = 'home' | 'contact' | 'mobile';

export type PhoneReason =
  | 'phoneInvalid'
  | 'phoneLength'
  | 'phoneAreaCode'
  | 'phoneForeign'
  | 'phoneNotMobile'
  | 'phoneSeveral'
  | 'phoneExtension'
  | 'phoneCharacter'
  | 'phoneTooLong';

/**
 * Prefixes of Kazakhstan's mobile providers (Kcell, Beeline, Tele2, Altel; 706 has no confirmed
 * operator yet). Satellite and paging prefixes 760-764 and the unconfirmed 785 are left out. The
 * setting `MOBILE_PREFIXES` replaces this list.
 */
export const DEFAULT_MOBILE_PREFIXES: readonly string[] = [
  '700',
  '701',
  '702',
  '705',
  '706',
  '707',
  '708',
  '747',
  '771',
  '775',
  '776',
  '777',
  '778',
];

const maxLength = 100;

/**
 * Reads a telephone number typed in any usual way: `8 701…`, `7 701…`, `+7 701…`, `701…`, `00 7…`,
 * `8 10 7…`, with spaces, dashes, dots and brackets (cleaned by `cleanWords`), and an extension
 * after `доб.`, `вн.`, `ішкі`, `қосымша`, `ext`, `x` or `#`.
 *
 * These have their own reasons: a number of another country, a local number without its area code,
 * two numbers in one field, an extension where none is allowed, and a character that does not
 * belong (`detail` names it).
 */
export function parsePhone(
  text: string,
  kind: PhoneKind,
  mobilePrefixes: readonly string[],
): Result<Phone, PhoneReason> {
  if (text.length > maxLength) return refused('phoneTooLong');
  if (!isWellFormed(text)) return refused('phoneCharacter', 'unseen');
  const lines = text.split(/[\r\n\u2028\u2029]+/).map(cleanWords);
  const { number, extension } = splitExtension(lines.join(' ').trim());
  if (lines.filter(isNumber).length > 1 || holdsSeveral(number)) return refused('phoneSeveral');
  const strange = /[^0-9 +().-]/u.exec(number);
  if (strange) return refused('phoneCharacter', nameCharacter(strange[0]));

  const dialled = readDialled(number);
  if (!dialled.ok) return dialled;
  const belongs = checkCountry(dialled.value, mobilePrefixes);
  if (!belongs.ok) return belongs;
  if (kind === 'mobile' && belongs.value !== 'mobile') return refused('phoneNotMobile');
  if (extension !== undefined && kind !== 'contact') return refused('phoneExtension');
  return accepted(`+7${dialled.value}${extension === undefined ? '' : `;ext=${extension}`}` as Phone);
}

/**
 * Shows a number: `+7 (701) 123-45-67`, Astana `+7 (7172) 55-12-34`, Almaty `+7 (727) 250-12-34`, a
 * village `+7 (72774) 2-12-34`. An extension is written ` #12`, which needs no translation.
 * `parsePhone` can read the result. An old value on file in another form is shown unchanged.
 */
export function formatPhone(phone: string): string {
  const [, national, extension] = /^\+7([0-9]{10})(?:;ext=([0-9]{1,6}))?$/.exec(phone) ?? [];
  if (national === undefined) return phone;
  const codeLength = areaCodeLength(national);
  const local = national.slice(codeLength);
  const groups = [local.slice(0, -4), local.slice(-4, -2), local.slice(-2)];
  const tail = extension === undefined ? '' : ` #${extension}`;
  return `+7 (${national.slice(0, codeLength)}) ${groups.join('-')}${tail}`;
}

/**
 * Whether two numbers are the same in different forms. A number on file may have the form `8 701
 * …`.
 */
export function samePhone(one: string, other: string, mobilePrefixes: readonly string[]): boolean {
  const plainly = (phone: string): string => {
    const parsed = parsePhone(phone, 'contact', mobilePrefixes);
    return parsed.ok ? parsed.value : phone;
  };
  return plainly(one) === plainly(other);
}

const extensionWords = [
  'добавочный номер',
  'добавочный',
  'внутренний',
  'доб',
  'внутр',
  'вн',
  'қосымша нөмірі',
  'қосымша нөмір',
  'қосымша',
  'қос',
  'ішкі нөмірі',
  'ішкі нөмір',
  'ішкі',
  'extension',
  'ext',
  'x',
  'х',
  '#',
];

/** Matches from the first sign of an extension to the end of the text, so it is tried only once. */
const extensionPart = new RegExp(`^(?:;ext=|(?:${extensionWords.join('|')})[.:№ ]{0,3})([0-9]{1,6})$`, 'i');

function splitExtension(text: string): { readonly number: string; readonly extension?: string } {
  const start = text.search(/[\p{L};#]/u);
  if (start === -1) return { number: text };
  let number = text.slice(0, start).trimEnd();
  let rest = text.slice(start);
  if (number.endsWith('(') && rest.endsWith(')')) {
    number = number.slice(0, -1);
    rest = rest.slice(0, -1).trimEnd();
  }
  const extension = extensionPart.exec(rest.toLowerCase())?.[1];
  if (extension === undefined) return { number: text };
  return { number: number.replace(/[ ,]{1,5}$/, ''), extension };
}

/** Fewer digits than this are not a number by themselves. */
const shortestNumber = 5;

function isNumber(text: string): boolean {
  return digitsOf(text).length >= shortestNumber;
}

function holdsSeveral(text: string): boolean {
  const pieces = text.split(/[,;/|]| (?:и|или|және|немесе|and|or) /u);
  if (pieces.filter(isNumber).length > 1) return true;
  const plus = text.lastIndexOf('+');
  if (plus > 0 && digitsOf(text.slice(0, plus)) !== '' && digitsOf(text.slice(plus)) !== '') return true;
  return digitsOf(text).length >= 20;
}

function digitsOf(text: string): string {
  return text.replace(/[^0-9]/g, '');
}

/** The ten national digits of a dialled number, whatever came before them. */
function readDialled(number: string): Result<string, PhoneReason> {
  const typed = digitsOf(number);
  const abroad = /^(?:00|810)(?=[0-9]{10,})/.exec(typed);
  const international = /^[^0-9]*\+/.test(number) || (abroad !== null && typed.length > 11);
  const digits = international && abroad && !number.includes('+') ? typed.slice(abroad[0].length) : typed;
  if (international) {
    if (digits.startsWith('7'))
      return digits.length === 11 ? accepted(digits.slice(1)) : refused('phoneLength');
    // "+8 701 …" mixes the two ways of dialling, and we do not guess which was meant.
    if (/^87[0-9]{9}$/.test(digits)) return refused('phoneInvalid');
    return refused(digits.length < 7 ? 'phoneLength' : 'phoneForeign');
  }
  if (/^[78][0-9]{10}$/.test(digits)) return accepted(digits.slice(1));
  if (/^[0-79][0-9]{9}$/.test(digits)) return accepted(digits);
  return refused(digits.length >= shortestNumber && digits.length <= 7 ? 'phoneAreaCode' : 'phoneLength');
}

/**
 * Distinguishes Kazakhstan's numbers from Russia's, which also begin with +7, and mobile numbers
 * from the others.
 */
function checkCountry(
  national: string,
  mobilePrefixes: readonly string[],
): Result<'mobile' | 'other', 'phoneInvalid' | 'phoneForeign'> {
  const known = parsePhoneNumberFromString(`+7${national}`);
  const type = known?.isValid() === true ? known.getType() : undefined;
  const listed = national.startsWith('7') && mobilePrefixes.includes(national.slice(0, 3));
  // A listed prefix that the library does not know is a new one. One that the library knows as a
  // landline stays a landline.
  if (listed && (type === undefined || type === 'MOBILE')) return accepted('mobile');
  if (known?.country === 'KZ' && type !== undefined) return accepted('other');
  // Both countries share 8 800 and its neighbours. They belong to no person, and are not foreign
  // either.
  return refused(known?.country === 'RU' && !national.startsWith('8') ? 'phoneForeign' : 'phoneInvalid');
}

/** Cities with a four-digit code whose fourth digit is not 2: Zhezkazgan, Ekibastuz, Temirtau. */
const otherCityCodes = ['7103', '7187', '7213'];

/**
 * How many of the ten digits are the area code. Almaty has the three of its zone (727), regional
 * centres have four (7172), towns and villages five (72774). Source: the operator's list of codes
 * in libphonenumber.
 */
function areaCodeLength(national: string): 3 | 4 | 5 {
  if (!/^7[12]/.test(national)) return 3;
  if (/^727[239]/.test(national)) return 3;
  return national[3] === '2' || otherCityCodes.includes(national.slice(0, 4)) ? 4 : 5;
}
