import type { Requisites } from '../../src/features/requisites/fields/fields.ts';

/** A line of `kabinet people import`: a person of the fund, always invented here. */
export interface PersonLine {
  readonly iin: string;
  readonly surname: string;
  readonly name: string;
  readonly patronymic: string | null;
  readonly language: 'kk' | 'ru' | 'en';
  readonly status?: 'active' | 'blocked' | 'deceased';
  /** Absent for a person of the fund without a cabinet. */
  readonly password?: string | undefined;
  readonly documents: readonly DocumentLine[];
  readonly accounts: readonly {
    readonly kind: string;
    readonly number: string;
    readonly notification: string | null;
  }[];
  readonly requisites: Requisites;
}

export interface DocumentLine {
  readonly id: string;
  readonly type: string;
  readonly series: string | null;
  readonly number: string;
  readonly issuedOn: string;
  readonly validUntil: string;
  readonly issuedBy: string;
}

/** The password of every invented person. */
export const password = 'Құпия-сөз 2026';

/**
 * An invented person. For each `n` from 0 to 9999 every value is different and marked, so that it
 * can be recognised wherever it appears.
 */
export function inventPerson(n: number, different: Partial<PersonLine> = {}): PersonLine {
  const mark = inLetters(n);
  const digits = String(n).padStart(4, '0');
  return {
    iin: inventIin(n),
    surname: `Сынақова${mark}`,
    name: `Айым${mark}`,
    patronymic: `Белгіқызы${mark}`,
    language: 'kk',
    password,
    documents: [identityCard(n)],
    accounts: [
      { kind: 'opv', number: `9100000000${digits}0001`, notification: 'internet-eds' },
      { kind: 'dpv', number: `9100000000${digits}0002`, notification: 'email' },
      { kind: 'opvr', number: `9100000000${digits}0003`, notification: null },
    ],
    requisites: {
      address: `Алматы қ., Белгілі ${mark} көшесі, 7-үй`,
      apartment: '12',
      postcode: '050000',
      homePhone: `+7727250${digits}`,
      contactPhone: `+7717255${digits}`,
      mobilePhone: `+7701555${digits}`,
      email: `belgi.${digits}@example.kz`,
    },
    ...different,
  };
}

/** An identity card that is valid today and for a long time. */
export function identityCard(n: number, different: Partial<DocumentLine> = {}): DocumentLine {
  return {
    id: 'd1',
    type: 'identity-card',
    series: null,
    number: `04${String(8_000_000 + n)}`,
    issuedOn: '2019-09-06',
    validUntil: '2049-09-05',
    issuedBy: 'МВД РК',
    ...different,
  };
}

/**
 * An IIN with a correct check digit: a different birth date for each `n`, from 1960 to 1999, and
 * the first serial number that is issued.
 */
export function inventIin(n: number): string {
  const year = 60 + (n % 40);
  const month = (Math.floor(n / 40) % 12) + 1;
  const day = (Math.floor(n / 480) % 28) + 1;
  const birth = [year, month, day].map((part) => String(part).padStart(2, '0')).join('');
  for (let serial = 100; ; serial += 1) {
    const stem = `${birth}4${String(serial).padStart(4, '0')}`;
    const digit = checkDigit(stem);
    if (digit !== undefined) return stem + String(digit);
  }
}

/**
 * An IIN for a population of up to twelve million people, with serial numbers that nothing else
 * here uses. A number without a valid check digit is replaced by a woman's number.
 */
export function inventIinAmong(n: number): string {
  const year = 60 + (n % 40);
  const month = (Math.floor(n / 40) % 12) + 1;
  const day = (Math.floor(n / 480) % 28) + 1;
  const serial = String(Math.floor(n / 13_440) + 2_000);
  const birth = [year, month, day].map((part) => String(part).padStart(2, '0')).join('');
  for (const stem of [`${birth}3${serial}`, `${birth}4${serial}`, `${birth}49${serial.slice(1)}`]) {
    const digit = checkDigit(stem);
    if (digit !== undefined) return stem + String(digit);
  }
  throw new Error(`there is no IIN for person ${n}`);
}

/** The check digit by the published algorithm; undefined for a number that is never issued. */
function checkDigit(stem: string): number | undefined {
  const sum = (from: number): number =>
    [...stem].reduce((total, digit, place) => total + Number(digit) * (((place + from) % 11) + 1), 0) % 11;
  const first = sum(0);
  if (first < 10) return first;
  const second = sum(2);
  return second < 10 ? second : undefined;
}

const letters = 'абвгдежзиклмнопрстуфхцшщыэюя';

function inLetters(n: number): string {
  let rest = n;
  let text = '';
  for (let place = 0; place < 3; place += 1) {
    text = (letters[rest % letters.length] ?? '') + text;
    rest = Math.floor(rest / letters.length);
  }
  return text;
}
