import { expect } from 'vitest';
import type { PersonLine } from '../../support/people.ts';
import { type Journey, openRequisites, signIn } from '../journey.ts';

const page = '/services/requisites';
const address = 'Мекенжай';
const apartment = 'Пәтер';
const contact = 'Байланыс телефоны';
const email = 'Электрондық мекенжай';
const save = 'Сақтау';
const branch = 'Қарағанды қ., Бұқар жырау даңғылы, 1';

/** Values that came from the fund and that our forms would refuse today. */
const oldValues: PersonLine['requisites'] = {
  address: 'г. Алматы\r\nул. Abay,\u200e 5\u00a0',
  apartment: 'пәтер 12, кіреберіс 3 ',
  postcode: '50010 ',
  homePhone: '250-12-34 ',
  contactPhone: null,
  mobilePhone: ' 8 701 555 00 11\n',
  email: ' Old.Mail@Example.kz\n',
};

const shownAddress = 'г. Алматы ул. Abay, 5';

/** A value that nobody touched stays unchanged, whatever it is. */
export const onFileJourneys: readonly Journey[] = [
  {
    name: 'one phone is typed beside values that break today’s rules: only that phone changes',
    async run(world) {
      const person = await world.person({ requisites: oldValues });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      expect(await visitor.fieldValue(address)).toBe(shownAddress);
      expect(await visitor.fieldValue(email)).toBe('Old.Mail@Example.kz');
      await visitor.fill(contact, '+7 (717) 255-99-88');
      await visitor.press(save);
      expect(await visitor.path()).toMatch(/^\/receipts\//);
      await visitor.sees('+7 (7172) 55-99-88');
      await visitor.doesNotSee('Abay');
      expect(await world.onFile(person)).toEqual({ ...oldValues, contactPhone: '+77172559988' });
      expect(await world.sentToFund(person)).toEqual([{ contactPhone: '+77172559988' }]);
    },
  },
  {
    name: 'nothing is changed: saving says so, and Cancel leaves at once',
    async run(world) {
      const person = await world.person({ requisites: oldValues });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.press(save);
      await visitor.sees('Өзгертілген деректер жоқ');
      await visitor.press('Болдырмау');
      expect(await visitor.path()).toBe('/services');
      expect(await world.saved(person)).toMatchObject({ changes: 0, outbox: 0, revision: 1 });
    },
  },
  {
    name: 'the search of the address block shows the form again, with untouched fields unchanged',
    ways: ['inject', 'browser without JavaScript'],
    async run(world) {
      const person = await world.person({ requisites: oldValues });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.press('Мекенжайды іздеу');
      expect(await visitor.fieldValue(address)).toBe(shownAddress);
      await visitor.press(save);
      await visitor.sees('Өзгертілген деректер жоқ');
      expect(await world.onFile(person)).toEqual(oldValues);
    },
  },
  {
    name: 'an error and another language show the form again, with untouched fields unchanged',
    async run(world) {
      const person = await world.person({ requisites: oldValues });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill(contact, '12');
      await visitor.press(save);
      expect(await visitor.status()).toBe(422);
      for (const label of [address, apartment, 'Индекс', 'Үй телефоны', 'Ұялы телефон', email])
        expect(await visitor.errorOf(label), label).toBeUndefined();
      await visitor.press('РУС');
      expect(await visitor.fieldValue('Адрес')).toBe(shownAddress);
      await visitor.fill('Контактный телефон', '+7 (717) 255-99-88');
      await visitor.press('Сохранить');
      expect(await visitor.path()).toMatch(/^\/receipts\//);
      expect(await world.onFile(person)).toEqual({ ...oldValues, contactPhone: '+77172559988' });
    },
  },
  {
    name: 'the session ends: the draft changes only what was typed, whatever a branch did meanwhile',
    async run(world) {
      const person = await world.person({ requisites: oldValues });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill(contact, '+7 (717) 255-99-88');
      await world.ageSessions(person, 16);
      await visitor.press(save);
      await world.changeAtBranch(person, { address: branch });
      await signIn(visitor, person);
      await visitor.open(page);
      await visitor.press('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue(address)).toBe(branch);
      expect(await visitor.fieldValue(contact)).toBe('+7 (717) 255-99-88');
      await visitor.press(save);
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.onFile(person)).toEqual({
        ...oldValues,
        address: branch,
        contactPhone: '+77172559988',
      });
    },
  },
  {
    name: 'a pending change of e-mail is edited again and changes only the e-mail',
    async run(world) {
      const person = await world.person({ requisites: oldValues });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill(email, `zhana.${person.iin}@example.kz`);
      await visitor.press(save);
      expect(await visitor.path()).toBe(`${page}/confirm`);
      await visitor.doesNotSee('Abay');
      await visitor.press('Деректерді түзету');
      expect(await visitor.fieldValue(address)).toBe(shownAddress);
      await visitor.fill(email, 'Old.Mail@Example.kz');
      await visitor.press(save);
      await visitor.sees('Өзгертілген деректер жоқ');
      expect(await world.onFile(person)).toEqual(oldValues);
    },
  },
  {
    name: 'a branch changes the address while a form is open: the form never restores the former one',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await world.changeAtBranch(person, { address: branch, postcode: '100000' });
      await visitor.fill(apartment, '5');
      await visitor.press(save);
      expect(await visitor.status()).toBe(409);
      await visitor.sees(branch);
      await visitor.sees('(Сіз өзгертпедіңіз)');
      await visitor.doesNotSee(person.requisites.address ?? '');
      expect(await visitor.fieldValue(address)).toBe(branch);
      expect(await visitor.fieldValue(apartment)).toBe('5');
      await visitor.press(save);
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.onFile(person)).toEqual({
        ...person.requisites,
        address: branch,
        postcode: '100000',
        apartment: '5',
      });
    },
  },
  {
    name: 'a branch changes the address while an untouched form is open: there is nothing to save or lose',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await world.changeAtBranch(person, { address: branch });
      await visitor.press(save);
      await visitor.sees('Өзгертілген деректер жоқ');
      expect(await visitor.fieldValue(address)).toBe(branch);
      await visitor.press('Болдырмау');
      expect(await visitor.path()).toBe('/services');
      expect((await world.onFile(person)).address).toBe(branch);
    },
  },
];
