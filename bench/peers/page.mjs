import { readFileSync } from 'node:fs';
import { textsOf } from '../../src/texts/texts.ts';

// What both peers show: the first demonstration person in the words of our own page. So the pages
// differ in how they are made, and not in what they say.

export const t = textsOf('kk');
export const person = JSON.parse(readFileSync('data/demo-people.jsonl', 'utf8').split('\n')[0]);

/** The editable fields of each block. */
export const blocks = {
  address: [
    { name: 'address', type: 'text', autocomplete: 'street-address', description: t.requisites.addressHint },
    { name: 'apartment', type: 'text', autocomplete: 'off', short: true },
    {
      name: 'postcode',
      type: 'text',
      autocomplete: 'postal-code',
      description: t.requisites.postcodeHint,
      short: true,
    },
  ],
  phones: [
    {
      name: 'homePhone',
      type: 'tel',
      autocomplete: 'home tel',
      inputmode: 'tel',
      description: t.requisites.landlineHint,
    },
    {
      name: 'contactPhone',
      type: 'tel',
      autocomplete: 'work tel',
      description: t.requisites.contactPhoneHint,
    },
    {
      name: 'mobilePhone',
      type: 'tel',
      autocomplete: 'mobile tel',
      inputmode: 'tel',
      description: t.requisites.phoneHint,
    },
  ],
  accounts: [{ name: 'email', type: 'email', autocomplete: 'email', inputmode: 'email' }],
};

/** What the script of our page needs to offer lines under the address. */
export const suggest = {
  'data-address-suggest': '/api/addresses',
  'data-address-status': 'address-status',
  'data-address-postcode': 'postcode',
  'data-address-one': t.requisites.offeredOne,
  'data-address-many': t.requisites.offeredMany,
  'data-address-of': t.requisites.offeredOf,
  'data-address-none': t.requisites.nothingFound,
  'data-address-degraded': t.requisites.kazpostDown,
  'data-address-compare': '/api/postcode',
  'data-address-elsewhere': t.requisites.postcodeElsewhere,
};

export const languages = [
  { code: 'kk', name: 'ҚАЗ' },
  { code: 'ru', name: 'РУС' },
  { code: 'en', name: 'ENG' },
];

export const sections = [
  { href: '/services', label: t.layout.services, current: true },
  { href: '/history', label: t.layout.history },
  { href: '/security', label: t.layout.security },
];

/** The terms and values of an identity document. */
export function documentFacts({ type, number, issuedOn, validUntil, issuedBy }) {
  return [
    { term: t.requisites.documentType, value: t.documentTypes[type] },
    { term: t.requisites.documentNumber, value: number },
    { term: t.requisites.documentIssuedOn, value: asDate(issuedOn) },
    { term: t.requisites.documentValidUntil, value: asDate(validUntil) },
    { term: t.requisites.documentIssuedBy, value: issuedBy },
  ];
}

/** The cells of an account's row. */
export function accountRow({ kind, number, notification }) {
  return {
    title: t.accountKindNames[kind],
    kind: t.accountKinds[kind],
    number,
    notification: notification === null ? t.requisites.notSpecified : t.notifications[notification],
  };
}

function asDate(day) {
  return day.split('-').reverse().join('.');
}

/** Tells the measurement over IPC where the server listens. Answers `cpu` and `stop`. */
export function report(server) {
  process.on('message', (message) => {
    if (message === 'cpu')
      process.send({ cpu: process.cpuUsage(), memory: process.memoryUsage.rss() / 2 ** 20 });
    if (message === 'stop') process.exit(0);
  });
  process.send({ origin: `http://127.0.0.1:${server.address().port}` });
}
