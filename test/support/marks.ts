import { formatPhone } from '../../src/values/phone.ts';
import type { PersonLine } from './people.ts';

/** Values that many people share, and so tell nothing of one. */
const shared = ['12', '050000'];

/** Everything by which an invented person can be told, in each way it may be written. */
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
 * Metrics without measured fractions, whose digits may be anything; whole numbers and labels stay.
 */
export function withoutFractions(metrics: string): string {
  return metrics.replace(/ [0-9]+\.[0-9]+(?:e[+-]?[0-9]+)?$/gm, '');
}

/** The marks that stand in a text, as they are, in other letters' case, or percent-encoded. */
export function marksIn(text: string, marks: readonly string[]): string[] {
  const low = text.toLowerCase();
  return marks.filter((mark) =>
    [mark, encodeURIComponent(mark), JSON.stringify(mark).slice(1, -1)].some((one) =>
      low.includes(one.toLowerCase()),
    ),
  );
}

/**
 * The codes that stand in a text by themselves: as part of a longer number or word they stand there
 * by chance.
 */
export function codesIn(text: string, codes: readonly string[]): string[] {
  return codes.filter((code) => new RegExp(`(?<![0-9A-Za-z.])${code}(?![0-9A-Za-z.])`, 'i').test(text));
}
