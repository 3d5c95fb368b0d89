import { expect } from 'vitest';
import type { Visitor } from '../../support/visitor.ts';
import { type Journey, openRequisites, signIn, type Way } from '../journey.ts';

const page = '/services/requisites';
const search = 'Мекенжайды іздеу';
const kazpost = '"Қазпочта" АҚ сервисін қосу';
const village = 'Алматы облысы, Қарасай ауданы, Шамалған ауылы';

/** The search button is hidden when the script offers a list. */
const withoutScript: readonly Way[] = ['inject', 'browser without JavaScript'];

/** Saves, and fails unless a receipt follows. */
async function save(visitor: Visitor): Promise<void> {
  await visitor.press('Сақтау');
  expect(await visitor.heading()).toBe('Рақмет!');
}

/** Choosing an address from suggestions, and typing one without them. */
export const addressJourneys: readonly Journey[] = [
  {
    name: 'search with the button, choose, save: other typed text stays, and the place is stored with its code',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      expect(await world.addressSource(person)).toBeNull();
      await visitor.fill('Мекенжай', 'шамалган');
      await visitor.fill('Пәтер', '3');
      await visitor.fill('Индекс', '040900');
      await visitor.fill('Үй телефоны', '8 727 250 77 88');
      await visitor.fill('Электрондық мекенжай', 'жазылып жатыр');
      await visitor.press(search);

      expect(await visitor.status()).toBe(200);
      expect(await visitor.fieldValue('Мекенжай')).toBe('шамалган');
      await visitor.press(village);

      expect(await visitor.status()).toBe(200);
      expect(await visitor.fieldValue('Мекенжай')).toBe(village);
      expect(await visitor.fieldValue('Пәтер')).toBe('3');
      expect(await visitor.fieldValue('Индекс')).toBe('040900');
      expect(await visitor.fieldValue('Үй телефоны')).toBe('8 727 250 77 88');
      expect(await visitor.fieldValue('Электрондық мекенжай')).toBe('жазылып жатыр');
      expect(await world.saved(person)).toMatchObject({ changes: 0 });
      await visitor.fill('Электрондық мекенжай', person.requisites.email ?? '');
      await save(visitor);
      await visitor.sees(village);
      expect(await world.addressSource(person)).toMatchObject({
        source: 'kato',
        id: '195259100',
        postcode: null,
        parts: [
          { kind: 'region', id: '190000000', text: { kk: 'Алматы облысы', ru: 'Алматинская область' } },
          { kind: 'district', text: { kk: 'Қарасай ауданы', ru: 'Карасайский район' } },
          { kind: 'village', id: '195259100', text: { kk: 'Шамалған ауылы' } },
        ],
      });
    },
  },
  {
    name: 'a chosen line that is edited becomes "as entered", and editing another field keeps it',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', 'шамалган');
      await visitor.press(search);
      await visitor.press(village);
      await save(visitor);
      await visitor.open(page);
      await visitor.fill('Пәтер', '44');
      await save(visitor);
      expect(await world.addressSource(person)).toMatchObject({ source: 'kato' });

      await visitor.open(page);
      await visitor.fill('Мекенжай', 'шамалган');
      await visitor.press(search);
      await visitor.press(village);
      await visitor.fill('Мекенжай', `${village} маңы`);
      await save(visitor);
      expect(await world.addressSource(person)).toEqual({ source: 'as-entered' });
    },
  },
  {
    name: 'an address typed by hand is saved as entered, with the switch on and off',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      expect(await visitor.fieldValue(kazpost)).toBe('on');
      await visitor.fill('Мекенжай', 'Бақша серіктестігі, жол бойындағы үй');
      await save(visitor);
      expect(await world.addressSource(person)).toEqual({ source: 'as-entered' });
      await visitor.open(page);
      await visitor.untick(kazpost);
      await visitor.fill('Мекенжай', 'Бақша серіктестігі, өзен бойындағы үй');
      await save(visitor);
      expect(await world.addressSource(person)).toEqual({ source: 'as-entered' });
      await visitor.open(page);
      await visitor.fill('Мекенжай', '');
      await visitor.fill('Пәтер', '');
      await visitor.fill('Индекс', '');
      await save(visitor);
      expect(await world.addressSource(person)).toBeNull();
    },
  },
  {
    name: 'with the switch off, the search says how to get suggestions and offers nothing',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.untick(kazpost);
      await visitor.fill('Мекенжай', 'шамалган');
      await visitor.press(search);
      await visitor.sees('«Қазпочта» АҚ сервисін қосыңыз немесе мекенжайды қолмен енгізіңіз');
      await visitor.doesNotSee(village);
      expect(await visitor.fieldValue(kazpost)).toBe('');
      expect(await visitor.fieldValue('Мекенжай')).toBe('шамалган');
      await visitor.tick(kazpost);
      await visitor.press(search);
      await visitor.sees(village);
    },
  },
  {
    name: 'an unknown address is reported, and can still be saved',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', 'Ъъъъъ');
      await visitor.press(search);
      await visitor.sees('Ештеңе табылмады. Мекенжайды қолмен енгізіңіз.');
      await save(visitor);
    },
  },
  {
    name: 'a postcode alone offers its address',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', '');
      await visitor.fill('Индекс', 'z05 h9b0');
      await visitor.press(search);
      await visitor.press('Астана қаласы, Z05H9B0');
      expect(await visitor.fieldValue('Мекенжай')).toBe('Астана қаласы');
      expect(await visitor.fieldValue('Индекс')).toBe('Z05H9B0');
      await save(visitor);
    },
  },
  {
    name: 'a postcode of another region gives a hint and is never refused',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      const hint = 'Индекс басқа өңірдікі сияқты';
      await openRequisites(visitor, person);
      await visitor.fill('Индекс', '010000');
      await visitor.press(search);
      await visitor.sees(hint);
      expect(await visitor.errorOf('Индекс')).toBeUndefined();
      await visitor.fill('Индекс', '050010');
      await visitor.press(search);
      await visitor.doesNotSee(hint);
      await visitor.fill('Индекс', '010000');
      await save(visitor);
      await visitor.sees('010000');
      // A value on file gets no hint when it is merely shown.
      await visitor.open(page);
      await visitor.doesNotSee(hint);
    },
  },
  {
    name: 'lines are in the language of the page, and in Kazakh on the English page, as the form accepts Cyrillic only',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.press('РУС');
      await visitor.fill('Адрес', 'shamalgan');
      await visitor.press('Найти адрес');
      await visitor.press('Алматинская область, Карасайский район, село Шамалган');
      expect(await visitor.fieldValue('Адрес')).toContain('село Шамалган');
      await visitor.press('ENG');
      expect(await visitor.fieldValue('Address')).toContain('село Шамалган');
      await visitor.fill('Address', 'Shamalgan');
      await visitor.press('Find the address');
      await visitor.press(village);
      await visitor.press('Save');
      expect(await world.addressSource(person)).toMatchObject({ source: 'kato', id: '195259100' });
    },
  },
  {
    name: 'a search or a choice after the time-out keeps what was typed',
    ways: withoutScript,
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', 'шамалган');
      await visitor.fill('Пәтер', '51');
      await world.ageSessions(person, 16);
      await visitor.press(search);
      await visitor.sees('Сеанс аяқталды. Енгізген деректеріңіз сақталды');
      await signIn(visitor, person);
      expect(await visitor.path()).toBe(page);
      await visitor.press('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue('Мекенжай')).toBe('шамалган');
      expect(await visitor.fieldValue('Пәтер')).toBe('51');

      await visitor.press(search);
      await world.ageSessions(person, 16);
      await visitor.press(village);
      await signIn(visitor, person);
      await visitor.press('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue('Мекенжай')).toBe(village);
      expect(await visitor.fieldValue('Пәтер')).toBe('51');
      await save(visitor);
    },
  },
];
