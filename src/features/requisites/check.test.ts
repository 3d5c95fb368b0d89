import { describe, expect, test } from 'vitest';
import type { IdentityDocument } from '../../fund/port.ts';
import type { Iin } from '../../values/iin.ts';
import { DEFAULT_MOBILE_PREFIXES } from '../../values/phone.ts';
import { checkForm } from './check.ts';
import { isValidOn } from './documents.ts';
import type { Requisites } from './fields/fields.ts';
import { isTouched, untouched } from './form.ts';
import type { RequisitesView } from './view.ts';

const rules = { mobilePrefixes: DEFAULT_MOBILE_PREFIXES };

const card: IdentityDocument = {
  id: 'd1',
  type: 'identity-card',
  series: null,
  number: '041234567',
  issuedOn: '2019-09-06',
  validUntil: '2029-09-05',
  issuedBy: 'МВД РК',
};

const empty: Requisites = {
  address: null,
  apartment: null,
  postcode: null,
  homePhone: null,
  contactPhone: null,
  mobilePhone: null,
  email: null,
};

function viewOf(values: Partial<Requisites>): RequisitesView {
  return {
    person: {
      iin: '900101300007' as Iin,
      surname: 'Серікбаев',
      name: 'Айдар',
      patronymic: null,
      status: 'active',
      documents: [card],
      accounts: [],
      requisites: empty,
      mobileSince: null,
      emailSince: null,
      elsewhereVersion: 0,
      changesElsewhere: [],
    },
    asOf: undefined,
    undelivered: null,
    changedAt: null,
    begun: { change: false, draft: false },
    stored: { revision: 3, values: { ...empty, ...values }, elsewhereVersion: 0, today: '2026-11-23' },
    validDocuments: [card],
  };
}

const formId = '00000000-0000-4000-8000-000000000000';

describe('a document', () => {
  test('is valid from the day of issue to its last day, both included', () => {
    expect(isValidOn(card, '2019-09-06')).toBe(true);
    expect(isValidOn(card, '2029-09-05')).toBe(true);
    expect(isValidOn(card, '2019-09-05')).toBe(false);
    expect(isValidOn(card, '2029-09-06')).toBe(false);
  });
});

describe('checking a form', () => {
  test("an untouched form changes nothing, even when values on file break today's rules", () => {
    const view = viewOf({ address: 'Almaty, Abai 5', homePhone: '2501234', apartment: '12', email: 'odd' });
    const typed = untouched(view, formId);
    expect(isTouched(view, typed)).toBe(false);
    expect(checkForm(view, typed, rules)).toEqual({ entries: [], errors: new Map() });
  });

  test('the same value in another form changes nothing', () => {
    const view = viewOf({ homePhone: '+77272501234', email: 'name@example.kz' });
    const typed = { ...untouched(view, formId), homePhone: '8 7272 50-12-34', email: ' name@EXAMPLE.kz ' };
    expect(checkForm(view, typed, rules).entries).toEqual([]);
  });

  test('an emptied field is removed', () => {
    const view = viewOf({ homePhone: '+77272501234' });
    expect(checkForm(view, { ...untouched(view, formId), homePhone: ' ' }, rules).entries).toEqual([
      { field: 'homePhone', old: '+77272501234', new: null },
    ]);
  });

  test('all fields are checked at once, and entries are in the order of the form', () => {
    const view = viewOf({});
    const typed = {
      ...untouched(view, formId),
      email: 'a@example.kz',
      address: 'Abai 5',
      homePhone: '12',
      apartment: '7',
    };
    const { entries, errors } = checkForm(view, typed, rules);
    expect([...errors].map(([name, { reason }]) => [name, reason])).toEqual([
      ['address', 'addressLatinLetter'],
      ['homePhone', 'phoneLength'],
    ]);
    expect(entries.map(({ field }) => field)).toEqual(['apartment', 'email']);
  });

  test('an apartment or a postcode needs an address when the block was changed', () => {
    const bare = viewOf({ apartment: '7' });
    expect(checkForm(bare, untouched(bare, formId), rules).errors.size).toBe(0);
    const touched = checkForm(bare, { ...untouched(bare, formId), postcode: '050000' }, rules);
    expect(touched.errors.get('address')?.reason).toBe('addressRequired');
    const removed = viewOf({ address: 'Алматы', apartment: '7' });
    expect(
      checkForm(removed, { ...untouched(removed, formId), address: '' }, rules).errors.get('address')?.reason,
    ).toBe('addressRequired');
  });

  test('the last channel cannot be removed, one of two can, and a person without any may save', () => {
    const both = viewOf({ mobilePhone: '+77011234567', email: 'a@example.kz' });
    expect(checkForm(both, { ...untouched(both, formId), email: '' }, rules).errors.size).toBe(0);
    const none = checkForm(both, { ...untouched(both, formId), email: '', mobilePhone: '' }, rules).errors;
    expect([...none.keys()]).toEqual(['mobilePhone', 'email']);
    const nobody = viewOf({});
    expect(checkForm(nobody, { ...untouched(nobody, formId), address: 'Алматы' }, rules).errors.size).toBe(0);
  });

  test('only a document valid today can be chosen', () => {
    const view = viewOf({});
    const { errors } = checkForm(view, { ...untouched(view, formId), document: 'd2' }, rules);
    expect(errors.get('document')?.reason).toBe('documentNotValid');
  });
});
