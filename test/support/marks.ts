import { formatPhone } from '../../src/values/phone.ts';
import type { PersonLine } from './people.ts';

/** Values that many people share, so that they identify nobody. */
const shared = ['12', '050000'];

/** Every value that identifies an invented person, in each way that it may be written. */
export function marksOf(person: PersonLine): string[] {
  const { homePhone, contactPhone, mobilePhone, ...others } = person.requisites;
  const phones = [homePhone, contactPhone, mobilePhone].filter((phone) => phone !== null);
  const values = [
    person.iin,
    person.surname,
    person.name,
    person.patronymic,
    person.password,
    ...person.documents.map(({ number }) => number),
    ...person.accounts.map(({ number }) => number),
    ...Object.values(others),
    ...phones.flatMap((phone) => [phone, formatPhone(phone), phone.replace(/^\+7/, '')]),
  ];
  return values
    .filter((value) => typeof value === 'string')
    .filter((value) => value !== '' && !shared.includes(value));
}

/**
 * Metrics without measured fractions, which may contain any digits. Whole numbers and labels stay.
 */
export function withoutFractions(metrics: string): string {
  return metrics.replace(/ [0-9]+\.[0-9]+(?:e[+-]?[0-9]+)?$/gm, '');
}

/** The marks that occur in a text: unchanged, in other letter case, or percent-encoded. */
export function marksIn(text: string, marks: readonly string[]): string[] {
  const low = text.toLowerCase();
  return marks.filter((mark) =>
    [mark, encodeURIComponent(mark), JSON.stringify(mark).slice(1, -1)].some((one) =>
      low.includes(one.toLowerCase()),
    ),
  );
}

/**
 * The codes that occur in a text by themselves. Inside a longer number or word they are a
 * coincidence.
 */
export function codesIn(text: string, codes: readonly string[]): string[] {
  return codes.filter((code) => new RegExp(`(?<![0-9A-Za-z.])${code}(?![0-9A-Za-z.])`, 'i').test(text));
}
