import { accepted, type Result, refused } from '../../values/result.ts';
import type { CommonPasswords } from './common-passwords.ts';

/** Why a password cannot be chosen, as keys of the texts. */
export type PasswordReason =
  | 'passwordEmpty'
  | 'passwordShort'
  | 'passwordLong'
  | 'passwordCommon'
  | 'passwordContext'
  | 'passwordPersonal';

/** Code points after NFC (NIST SP 800-63B-4, 3.1.1.2): alone or beside SMS, and beside a strong step. */
const lengths = { alone: 15, besideStrongStep: 8, most: 128 } as const;

/** How long a new password must be, in code points after NFC. */
export interface PasswordLength {
  readonly least: number;
  readonly most: number;
}

/** The length for a holder with or without a step that is stronger than a code by SMS. */
export function passwordLength(hasStrongStep: boolean): PasswordLength {
  return { least: hasStrongStep ? lengths.besideStrongStep : lengths.alone, most: lengths.most };
}

/** Whether a password is long enough without a strong step. */
export function sufficesAlone(password: string): boolean {
  return [...password.normalize('NFC')].length >= lengths.alone;
}

/**
 * Longer passwords are refused before any work is done (OWASP Password Storage: a long password
 * must not cost more).
 */
export const maxPasswordBytes = 512;

/**
 * What is known about the person and must not be part of the password. Unknown values are left out.
 */
export interface PersonalData {
  readonly iin: string;
  /** Surname, name, patronymic. */
  readonly names: readonly string[];
  /** In any form, because only the digits are compared. */
  readonly phones: readonly string[];
  readonly emails: readonly string[];
}

/** Words that this service suggests. A phrase may contain one if enough other characters remain. */
const contextWords = [
  'құпиясөз',
  'зейнетақы',
  'зейнет',
  'пенсионный',
  'пенсия',
  'пенси',
  'жинақтаушы',
  'кабинет',
  'қазақстан',
  'казахстан',
  'алматы',
  'астана',
  'пароль',
  'бжзқ',
  'енпф',
  'еснф',
  'kazakhstan',
  'qazaqstan',
  'password',
  'zeinetaqy',
  'zeynetaqy',
  'zeinet',
  'zeynet',
  'pensiya',
  'pension',
  'kabinet',
  'cabinet',
  'qupiasoz',
  'almaty',
  'astana',
  'parol',
  'bjzq',
  'bzhzq',
  'enpf',
  'uapf',
  '1418',
];

/** Letters and digits that must remain of a password after its context words are removed. */
const leastWithoutContext = 8;

/** A password is still common with fewer than this many characters around it. */
const mostAround = 8;

/**
 * Accepts a new password (in NFC, otherwise as typed) or returns the reason why not. No rule asks
 * for kinds of characters, and spaces count like other characters.
 */
export function checkPassword(
  typed: string,
  person: PersonalData,
  common: CommonPasswords,
  { least, most }: PasswordLength,
): Result<string, PasswordReason> {
  const password = typed.normalize('NFC');
  const length = [...password].length;
  if (length === 0) return refused('passwordEmpty');
  if (length < least) return refused('passwordShort');
  if (length > most) return refused('passwordLong');
  const folded = password.toLowerCase();
  if (isCommon(folded, common)) return refused('passwordCommon');
  if (holdsPersonalData(folded, person)) return refused('passwordPersonal');
  if (isMostlyContext(folded)) return refused('passwordContext');
  return accepted(password);
}

/**
 * Whether it is on the list: unchanged, typed on the other keyboard layout, repeated, or with a few
 * digits and signs around it.
 */
function isCommon(folded: string, common: CommonPasswords): boolean {
  return [folded, onLatinLayout(folded)].some((text) => {
    if (isRun(text) || new Set(text).size < 5) return true;
    const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
    const hasFewAround = text.length - core.length < mostAround;
    return [text, repeatedPart(text), ...(hasFewAround ? [core, repeatedPart(core)] : [])].some((part) =>
      common.has(part),
    );
  });
}

/**
 * The part that a text repeats from beginning to end, or the whole text when it repeats nothing.
 */
function repeatedPart(text: string): string {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (text.length % length === 0 && text.slice(0, length).repeat(text.length / length) === text) {
      return text.slice(0, length);
    }
  }
  return text;
}

/**
 * Whether every character is the next one, the previous one, or the same: `123456789012`,
 * `zyxwvutsrqpo`.
 */
function isRun(text: string): boolean {
  const steps = new Set<number>();
  for (let at = 1; at < text.length; at += 1) {
    // After 9 the digits continue with 0.
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    steps.add(step === -9 ? 1 : step === 9 ? -1 : step);
  }
  return steps.size === 1 && [...steps].every((step) => Math.abs(step) <= 1);
}

const cyrillicKeys = 'йцукенгшщзхъфывапролджэячсмитьбю';
const latinKeys = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";

/** What the same keys give on the Latin layout: `пароль` becomes `gfhjkm`. */
function onLatinLayout(text: string): string {
  return text.replace(/[а-я]/g, (letter) => latinKeys[cyrillicKeys.indexOf(letter)] ?? letter);
}

function isMostlyContext(folded: string): boolean {
  const rest = contextWords.reduce((text, word) => text.replaceAll(word, ''), folded);
  return rest !== folded && [...rest.matchAll(/[\p{L}\p{N}]/gu)].length < leastWithoutContext;
}

function holdsPersonalData(folded: string, { iin, names, phones, emails }: PersonalData): boolean {
  const digits = folded.replace(/[\s.,/_+()-]/g, '');
  const letters = skeleton(folded);
  const numbers = [
    iin,
    ...birthDates(iin),
    ...phones
      .map((phone) => phone.replace(/;.*$/, '').replace(/\D/g, '').slice(-7))
      .filter((end) => end.length === 7),
  ];
  const words = [...names, ...emails.flatMap((email) => [email, email.split('@')[0] ?? ''])]
    .map(skeleton)
    .filter((word) => word.length >= 4);
  return numbers.some((number) => digits.includes(number)) || words.some((word) => letters.includes(word));
}

/**
 * The birth date at the beginning of an IIN, in the orders in which people write it. The short
 * forms have no century.
 */
function birthDates(iin: string): string[] {
  const [year, month, day] = [iin.slice(0, 2), iin.slice(2, 4), iin.slice(4, 6)];
  const full = (century: string) => [`${day}${month}${century}${year}`, `${century}${year}${month}${day}`];
  return [`${year}${month}${day}`, `${day}${month}${year}`, ...full('19'), ...full('20')];
}

/**
 * The usual Latin spelling of each Kazakh and Russian letter. Letters with too many spellings are
 * left out.
 */
const spelling: Readonly<Record<string, string>> = {
  а: 'a',
  ә: 'a',
  б: 'b',
  в: 'v',
  г: 'g',
  ғ: 'g',
  д: 'd',
  е: 'e',
  ё: 'e',
  ж: 'j',
  з: 'z',
  и: '',
  й: '',
  к: 'k',
  қ: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  ң: 'n',
  о: 'o',
  ө: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ұ: 'u',
  ү: 'u',
  ф: 'f',
  х: 'h',
  һ: 'h',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'sh',
  ъ: '',
  ы: '',
  і: '',
  ь: '',
  э: 'e',
  ю: 'u',
  я: 'a',
};

/**
 * A text by its sound, without signs, digits and i: `Айдар`, `Aidar` and `aydar` become equal, and
 * so do -ева, -eva and -yeva.
 */
function skeleton(text: string): string {
  return [...text.toLowerCase().normalize('NFC')]
    .map((letter) => spelling[letter] ?? letter)
    .join('')
    .replace(/zh/g, 'j')
    .replace(/kh/g, 'h')
    .replace(/q/g, 'k')
    .replace(/[^\p{L}]|[iyw]/gu, '');
}
