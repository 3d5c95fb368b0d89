import { expect } from 'vitest';
import { inventIin, password } from '../../support/people.ts';
import { type Journey, openRequisites, signIn } from '../journey.ts';

const failed = 'ЖСН немесе құпиясөз қате';

/** Signing in and out. */
export const signInJourneys: readonly Journey[] = [
  {
    name: 'sign in on the start page, and sign out',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      expect(await visitor.status()).toBe(200);
      expect(await visitor.heading()).toBe('Жеке кабинетке кіру');
      await signIn(visitor, person);
      expect(await visitor.path()).toBe('/services');
      expect(await visitor.heading()).toBe('Қызметтер');
      await visitor.sees(person.name);
      await visitor.open('/');
      expect(await visitor.path()).toBe('/services');

      await visitor.press('Шығу');
      expect(await visitor.path()).toBe('/');
      await visitor.doesNotSee(person.name);
      await visitor.open('/services/requisites');
      expect(await visitor.path()).toMatch(/^\/sign-in/);
    },
  },
  {
    name: 'signing out in one tab signs out the other',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      const other = await visitor.newTab();
      await other.open('/history');
      expect(await other.path()).toBe('/history');
      await visitor.press('Шығу');
      await other.open('/history');
      expect(await other.path()).toMatch(/^\/sign-in/);
    },
  },
  {
    name: 'Back shows nothing after signing out',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.open('/history');
      await visitor.press('Шығу');
      await visitor.back();
      await visitor.doesNotSee(person.name);
      expect(await visitor.path()).toMatch(/^\/sign-in/);
    },
  },
  {
    name: 'a wrong password, then the right one',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, { ...person, password: 'басқа құпиясөз' });
      expect(await visitor.status()).toBe(422);
      expect(await visitor.path()).toBe('/sign-in');
      expect(await visitor.title()).toMatch(/^Қате: /);
      await visitor.sees(failed);
      expect(await visitor.fieldValue('ЖСН')).toBe(person.iin);
      expect(await visitor.fieldValue('Құпиясөз')).toBe('');
      await visitor.fill('Құпиясөз', password);
      await visitor.press('Кіру');
      expect(await visitor.path()).toBe('/services');
    },
  },
  {
    name: 'the answer is the same for a wrong password, an unknown, a blocked and a deceased person',
    async run(world) {
      const known = await world.person();
      const blocked = await world.person({ status: 'blocked' });
      const deceased = await world.person({ status: 'deceased' });
      const answers = new Set<string>();
      for (const person of [
        { ...known, password: 'басқа' },
        { ...known, iin: inventIin(9_999) },
        blocked,
        deceased,
      ]) {
        const visitor = await world.visitor();
        await visitor.open('/sign-in');
        await signIn(visitor, person);
        expect(await visitor.status()).toBe(422);
        await visitor.sees(failed);
        answers.add(await visitor.text());
      }
      expect([...answers]).toHaveLength(1);
    },
  },
  {
    name: 'an impossible IIN and empty fields get a message beside the field',
    async run(world) {
      const visitor = await world.visitor();
      await visitor.open('/sign-in');
      await visitor.press('Кіру');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.errorOf('ЖСН')).toContain('ЖСН-ды енгізіңіз');
      expect(await visitor.errorOf('Құпиясөз')).toContain('Құпиясөзді енгізіңіз');
      const right = inventIin(9_998);
      const lastDigit = String((Number(right.at(-1)) + 1) % 10);
      for (const iin of [
        '1',
        `${right}0`,
        right.slice(0, -1) + lastDigit,
        `801340${right.slice(6)}`,
        'аааааааааааа',
      ]) {
        await visitor.fill('ЖСН', iin);
        await visitor.fill('Құпиясөз', password);
        await visitor.press('Кіру');
        expect(await visitor.status()).toBe(422);
        expect(await visitor.errorOf('ЖСН')).toContain('ЖСН қате');
        expect(await visitor.fieldValue('ЖСН')).toBe(iin);
        expect(await visitor.fieldValue('Құпиясөз')).toBe('');
      }
    },
  },
  {
    name: 'too many wrong passwords cause a wait, shown in minutes, which ends',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/sign-in');
      for (let attempt = 0; attempt < 20 && (await visitor.status()) !== 429; attempt += 1) {
        await signIn(visitor, { ...person, password: 'басқа' });
      }
      expect(await visitor.status()).toBe(429);
      await visitor.sees('минуттан кейін қайталаңыз');
      await signIn(visitor, person);
      expect(await visitor.status()).toBe(429);
      await world.ageFailures(60);
      await signIn(visitor, person);
      expect(await visitor.path()).toBe('/services');
    },
  },
  {
    name: 'the IIN is remembered only on request, and forgotten on request',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      expect(await visitor.fieldValue('ЖСН-ды еске сақтау')).toBe('');
      await signIn(visitor, person);
      await visitor.press('Шығу');
      expect(await visitor.fieldValue('ЖСН')).toBe('');
      await visitor.tick('ЖСН-ды еске сақтау');
      await signIn(visitor, person);
      await visitor.press('Шығу');
      expect(await visitor.fieldValue('ЖСН')).toBe(person.iin);
      await visitor.press('Сақталған ЖСН-ды өшіру');
      expect(await visitor.fieldValue('ЖСН')).toBe('');
      await visitor.open('/');
      expect(await visitor.fieldValue('ЖСН')).toBe('');
    },
  },
  {
    name: 'signing in leads to the page that was wanted',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/history');
      expect(await visitor.path()).toMatch(/^\/sign-in/);
      await signIn(visitor, { ...person, password: 'басқа' });
      await signIn(visitor, person);
      expect(await visitor.path()).toBe('/history');
    },
  },
  {
    name: 'the sixth browser ends the session of the first',
    ways: ['inject'],
    async run(world) {
      const person = await world.person();
      const first = await world.visitor();
      await openRequisites(first, person);
      for (let browser = 2; browser <= 6; browser += 1) await openRequisites(await world.visitor(), person);
      await first.open('/history');
      expect(await first.path()).toMatch(/^\/sign-in/);
    },
  },
  {
    name: 'the language is switched, and stays',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      expect(await visitor.language()).toBe('kk');
      await visitor.fill('ЖСН', person.iin);
      await visitor.press('РУС');
      expect(await visitor.language()).toBe('ru');
      expect(await visitor.heading()).toBe('Вход в личный кабинет');
      expect(await visitor.fieldValue('ИИН')).toBe(person.iin);
      await visitor.press('ENG');
      expect(await visitor.heading()).toBe('Sign in to the Personal Cabinet');
      await visitor.fill('Password', password);
      await visitor.press('Sign in');
      expect(await visitor.heading()).toBe('Services');
      await visitor.press('ҚАЗ');
      expect(await visitor.heading()).toBe('Қызметтер');
    },
  },
];
