import { expect, test } from 'vitest';
import type { IdentityDocument } from '../../fund/port.ts';
import { mayRemind } from './hours.ts';
import { lastDayOf } from './last-day.ts';

const document = (validUntil: string | null, issuedOn: string | null = null): IdentityDocument => ({
  id: 'd1',
  type: 'identity-card',
  series: null,
  number: '1',
  issuedOn,
  validUntil,
  issuedBy: null,
});
const today = '2028-02-29';
const last = (...documents: readonly IdentityDocument[]) => lastDayOf({ documents }, today);

test.each([
  ['the latest of those that are valid', last(document('2028-03-01'), document('2030-01-01')), '2030-01-01'],
  ['today is valid', last(document(today)), today],
  [
    'an ended one and a future one do not count',
    last(document('2028-02-28'), document('2031-01-01', '2028-03-01')),
    null,
  ],
  ['one that does not end', last(document('2028-03-01'), document(null)), null],
  ['none', last(), null],
  [
    'some could not be read',
    lastDayOf({ documents: [document('2028-03-01')], unreadDocuments: true }, today),
    undefined,
  ],
])('%s', (_name, found, expected) => {
  expect(found).toBe(expected);
});

test.each([
  ['2026-11-30T03:59:59Z', false],
  ['2026-11-30T04:00:00Z', true],
  ['2026-11-30T14:59:59Z', true],
  ['2026-11-30T15:00:00Z', false],
  // A day earlier in UTC.
  ['2026-11-29T22:00:00Z', false],
])('at %s people are reminded: %s', (moment, expected) => {
  expect(mayRemind({ hours: [9, 20] }, Date.parse(moment))).toBe(expected);
});
