import { expect } from 'vitest';
import { type Journey, openRequisites, signIn } from '../journey.ts';

const page = '/services/requisites';
const address = 'Астана қ., Қабанбай батыр даңғылы, 53-үй';
const somebody = 'Бұл браузерде кабинетке біреу кіріп қойған';

/** A person signs in or out in one tab while a form is filled in in another. */
export const twoTabsJourneys: readonly Journey[] = [
  {
    name: 'the same person signs in again in another tab: the form is shown again as typed, and is saved',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      const other = await visitor.newTab();
      await other.open('/services');
      await other.press('Шығу');
      await signIn(other, person);

      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(409);
      await visitor.sees('Бұл бет жүйеге қайта кіргенге дейін ашылған');
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
      expect(await world.saved(person)).toMatchObject({ changes: 0 });
      await visitor.press('Сақтау');
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.saved(person)).toMatchObject({ changes: 1 });
    },
  },
  {
    name: 'signed out in another tab: what was typed is kept, and offered on the same page',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      const other = await visitor.newTab();
      await other.open('/services');
      await other.press('Шығу');

      await visitor.press('Сақтау');
      expect(await visitor.path()).toMatch(/^\/sign-in/);
      await visitor.sees('Енгізген деректеріңіз сақталды');
      await visitor.doesNotSee(address);
      await signIn(visitor, person);
      expect(await visitor.path()).toBe(page);
      await visitor.press('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
    },
  },
  {
    name: 'a family computer: one person’s form is never shown to another, and is kept for its owner',
    async run(world) {
      const person = await world.person();
      const other = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      const tab = await visitor.newTab();
      await tab.open('/services');
      await tab.press('Шығу');
      await signIn(tab, other);

      await visitor.press('Сақтау');
      expect(await visitor.heading()).toBe(somebody);
      for (const secret of [address, person.name, other.name]) await visitor.doesNotSee(secret);
      await visitor.press('Шығу');
      await visitor.open(page);
      await signIn(visitor, person);
      await visitor.press('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
      expect(await world.saved(other)).toMatchObject({ changes: 0 });
    },
  },
  {
    name: 'two start pages: the signed-in person can use the other one too, and another person is asked to sign out',
    async run(world) {
      const person = await world.person();
      const other = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      const [second, third] = [await visitor.newTab(), await visitor.newTab()];
      await second.open('/');
      await third.open('/');
      await signIn(visitor, person);
      await signIn(second, person);
      expect(await second.path()).toBe('/services');
      await signIn(third, other);
      expect(await third.status()).toBe(409);
      await third.sees(somebody);
      await third.doesNotSee(person.name);
      expect(await third.fieldValue('ЖСН')).toBe(other.iin);
      await third.press('Шығу');
      expect(await third.path()).toBe('/');
      await visitor.press('Шығу');
      expect(await visitor.path()).toBe('/');
    },
  },
  {
    name: 'the language switch of a page whose session is over keeps what was typed',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await world.ageSessions(person, 16);
      await visitor.press('РУС');
      expect(await visitor.language()).toBe('ru');
      expect(await visitor.path()).toMatch(/^\/sign-in\?ended=kept/);
      await visitor.fill('ИИН', person.iin);
      await visitor.fill('Пароль', person.password ?? '');
      await visitor.press('Войти');
      expect(await visitor.path()).toBe(page);
    },
  },
];
