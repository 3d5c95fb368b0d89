import { domainToASCII } from 'node:url';
import { expect } from 'vitest';
import { readPdf } from '../../support/pdf-text.ts';
import { identityCard } from '../../support/people.ts';
import type { Visitor } from '../../support/visitor.ts';
import { type Journey, openRequisites, signIn } from '../journey.ts';

const page = '/services/requisites';
const address = 'Астана қ., Қабанбай батыр даңғылы, 53-үй';

/** A value that a field refuses, and a part of the message beside the field. */
type BadValue = readonly [label: string, value: string, message: string];

/** One value for every rule of every field. */
const badValues: readonly BadValue[] = [
  ['Мекенжай', 'Aстана қ., Достық 5', 'латын әрпі бар: A'],
  ['Мекенжай', 'Астана қ.; Достық 5', 'болмайды: ;'],
  ['Мекенжай', 'Астана\u0001 қ.', 'болмайды: көрінбейтін таңба'],
  ['Мекенжай', '12, 7', 'сөзбен жазыңыз'],
  ['Мекенжай', 'ө'.repeat(201), 'тым ұзақ'],
  ['Пәтер', '12A', 'латын әрпі бар: A'],
  ['Пәтер', '12*', 'болмайды: *'],
  ['Пәтер', '-', 'Пәтер нөмірін жазыңыз'],
  ['Пәтер', '12345678901', 'тым ұзақ'],
  ['Индекс', '05000', '6 саннан'],
  ['Индекс', 'A25A2B', '7 таңбадан'],
  ['Үй телефоны', '250-12-34', 'Қала кодын көрсетіңіз'],
  ['Үй телефоны', '+7 (727) 250-12', 'цифрлар саны'],
  ['Үй телефоны', '+7 (727) 250-12-34 ішкі 5', 'тек байланыс телефонында'],
  ['Үй телефоны', '+44 20 7946 0000', 'қазақстандық нөмірді'],
  ['Үй телефоны', '+7 (727) 250-12-34*', 'болмайды: *'],
  ['Үй телефоны', '1'.repeat(101), 'тым ұзақ'],
  ['Байланыс телефоны', '87012501234, 87012501235', 'бір ғана нөмір'],
  ['Байланыс телефоны', '+7 916 123-45-67', 'қазақстандық нөмірді'],
  ['Ұялы телефон', '+7 (727) 250-12-34', 'провайдердің'],
  ['Ұялы телефон', '+7 (703) 123-45-67', 'нөмір'],
  ['Электрондық мекенжай', 'belgi', 'қате'],
  ['Электрондық мекенжай', 'белгі@example.kz', 'кириллица әрпі бар: б'],
  ['Электрондық мекенжай', 'bel gi@example.kz', 'болмайды: бос орын'],
  ['Электрондық мекенжай', 'belgi@exаmple.kz', 'кириллица әрпі бар: а'],
  ['Электрондық мекенжай', 'belgi..b@example.kz', 'нүкте'],
  ['Электрондық мекенжай', 'belgi@localhost', '@ белгісінен кейінгі'],
  ['Электрондық мекенжай', `${'b'.repeat(65)}@example.kz`, 'тым ұзақ'],
];

/** Chromium changes the domain of an e-mail field to punycode when the form is sent. */
function domainAsSent(text: string): string {
  return text.replace(/@(.+)$/, (whole, domain: string) => {
    const ascii = domainToASCII(domain);
    return ascii === '' ? whole : `@${ascii}`;
  });
}

/** All fields and their values. */
async function held(visitor: Visitor): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const label of [
    'Мекенжай',
    'Пәтер',
    'Индекс',
    'Үй телефоны',
    'Байланыс телефоны',
    'Ұялы телефон',
    'Электрондық мекенжай',
  ]) {
    values[label] = await visitor.fieldValue(label);
  }
  return values;
}

/** Showing and changing the requisites. */
export const requisitesJourneys: readonly Journey[] = [
  {
    name: 'change the address and two phones, and get a receipt',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, person);
      await visitor.follow('Деректемелерге өзгерістер және (немесе) толықтырулар енгізу');
      expect(await visitor.path()).toBe(page);
      await visitor.sees(person.documents[0]?.number ?? '');
      await visitor.sees('05.09.2049');
      await visitor.sees(person.accounts[0]?.number ?? '');
      await visitor.sees('Көрсетілмеген');
      expect(await visitor.fieldValue('Мекенжай')).toBe(person.requisites.address);

      await visitor.fill('Мекенжай', address);
      await visitor.fill('Пәтер', '7');
      await visitor.fill('Индекс', 'z05 h9b0');
      await visitor.fill('Үй телефоны', '8 7172 55 44 33');
      await visitor.fill('Байланыс телефоны', '+77172559988 ішкі 12');
      await visitor.press('Сақтау');

      expect(await visitor.path()).toMatch(/^\/receipts\/[0-9A-HJKMNP-TV-Z]+$/);
      expect(await visitor.status()).toBe(200);
      expect(await visitor.heading()).toBe('Рақмет!');
      const number = (await visitor.path()).split('/').at(-1) ?? '';
      for (const text of [
        number,
        address,
        person.requisites.address ?? '',
        'Z05H9B0',
        '+7 (7172) 55-44-33',
        '#12',
      ]) {
        await visitor.sees(text);
      }
      expect(await world.saved(person)).toMatchObject({ changes: 1, revision: 2 });

      const pdf = await visitor.download('PDF жүктеп алу');
      expect(pdf.status).toBe(200);
      expect(pdf.contentType).toContain('application/pdf');
      expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-');
      const printed = readPdf(pdf.bytes).lines.join(' ');
      expect(printed).toContain('Деректемелерге өзгерістер және (немесе) толықтырулар енгізу');
      expect(printed).toContain(`${person.iin.slice(0, 4)}••••${person.iin.slice(-4)}`);
      expect(printed).not.toContain(person.iin);

      await visitor.open('/history');
      await visitor.sees(number);
      await visitor.sees('Кабинетке кіру');
      await visitor.open(page);
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
      expect(await visitor.fieldValue('Байланыс телефоны')).toBe('+7 (7172) 55-99-88 #12');
    },
  },
  {
    name: 'every bad value of every field has a message beside it, and everything typed stays',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      const onFile = await held(visitor);
      for (const [label, value, message] of badValues) {
        await visitor.fill(label, value);
        await visitor.press('Сақтау');
        expect(await visitor.status(), value).toBe(422);
        expect(await visitor.title()).toMatch(/^Қате: /);
        expect(await visitor.errorOf(label), value).toContain(message);
        const { [label]: kept = '', ...others } = await held(visitor);
        expect({ ...others, [label]: domainAsSent(kept) }).toEqual({
          ...onFile,
          [label]: domainAsSent(value),
        });
        await visitor.sees('Қателерді түзетіңіз');
        await visitor.fill(label, onFile[label] ?? '');
      }
      expect(await world.saved(person)).toMatchObject({ changes: 0, outbox: 0, revision: 1 });
    },
  },
  {
    name: 'all errors are shown at once',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      const wrong: readonly BadValue[] = badValues.filter(
        ([label], index) => badValues.findIndex(([other]) => other === label) === index,
      );
      for (const [label, value] of wrong) await visitor.fill(label, value);
      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(422);
      for (const [label, value, message] of wrong) {
        expect(await visitor.errorOf(label)).toContain(message);
        expect(await visitor.fieldValue(label)).toBe(value);
      }
    },
  },
  {
    name: 'an apartment without an address is an error of the address',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', '');
      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.errorOf('Мекенжай')).toContain('мекенжай да жазылуы керек');
      await visitor.fill('Пәтер', '');
      await visitor.fill('Индекс', '');
      await visitor.press('Сақтау');
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.saved(person)).toMatchObject({ changes: 1 });
    },
  },
  {
    name: 'a change of mobile or e-mail waits for its proof, and nothing of that form is saved before',
    async run(world) {
      for (const [label, value] of [
        ['Ұялы телефон', '+7 (702) 111-22-33'],
        ['Электрондық мекенжай', 'zhana.belgi@example.kz'],
      ] as const) {
        const person = await world.person();
        const visitor = await world.visitor();
        await openRequisites(visitor, person);
        await visitor.fill('Мекенжай', address);
        await visitor.fill(label, value);
        await visitor.press('Сақтау');
        expect(await visitor.path()).toBe(`${page}/confirm`);
        await visitor.sees(value);
        await visitor.sees(address);
        expect(await world.saved(person)).toMatchObject({ changes: 0, revision: 1 });
        await visitor.press('Өзгерістен бас тарту');
        expect(await visitor.path()).toBe(page);
        expect(await visitor.fieldValue('Мекенжай')).toBe(person.requisites.address);
        expect(await world.saved(person)).toMatchObject({ changes: 0, revision: 1 });
      }
    },
  },
  {
    name: 'an unchanged form says so, and nothing is written',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', `  ${person.requisites.address}  `);
      await visitor.press('Сақтау');
      await visitor.sees('Өзгертілген деректер жоқ');
      expect(await visitor.path()).toBe(page);
      expect(await world.saved(person)).toMatchObject({ changes: 0, outbox: 0, revision: 1 });
    },
  },
  {
    name: 'cancel leaves at once when nothing was typed',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.press('Болдырмау');
      expect(await visitor.path()).toBe('/services');
    },
  },
  {
    name: 'cancel asks when something was typed, and then forgets it',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await visitor.press('Болдырмау');
      await visitor.sees('Сақталмаған өзгерістер бар');
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
      await visitor.follow('Иә, беттен шығу');
      expect(await visitor.path()).toBe('/services');
      await visitor.open(page);
      expect(await visitor.fieldValue('Мекенжай')).toBe(person.requisites.address);
      expect(await world.saved(person)).toMatchObject({ changes: 0 });
    },
  },
  {
    name: 'the language is switched while a form is filled in, and everything typed stays',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await visitor.fill('Үй телефоны', 'қате нөмір');
      await visitor.press('РУС');
      expect(await visitor.language()).toBe('ru');
      expect(await visitor.status()).toBe(200);
      expect(await visitor.fieldValue('Адрес')).toBe(address);
      expect(await visitor.fieldValue('Домашний телефон')).toBe('қате нөмір');
      await visitor.press('ENG');
      expect(await visitor.fieldValue('Address')).toBe(address);
      await visitor.fill('Home phone', '+7 (727) 250-00-01');
      await visitor.press('Save');
      expect(await visitor.heading()).toBe('Thank you!');
      await visitor.press('ҚАЗ');
      expect(await visitor.heading()).toBe('Рақмет!');
      await visitor.sees(address);
      expect(await world.saved(person)).toMatchObject({ changes: 1 });
    },
  },
  {
    name: 'fifty posts of one form at once: one change, one receipt',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      const answers = await visitor.pressAtOnce('Сақтау', 50);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
      expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
      expect(answers[0]?.location).toMatch(/^\/receipts\//);
      expect(await world.saved(person)).toMatchObject({ changes: 1, revision: 2 });
      await visitor.press('Сақтау');
      expect(await visitor.path()).toBe(answers[0]?.location);
      expect(await world.saved(person)).toMatchObject({ changes: 1, revision: 2 });
    },
  },
  {
    name: 'a saved form that is filled in again after Back asks to be saved again',
    ways: ['inject'],
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await visitor.pressAtOnce('Сақтау', 1);
      await visitor.fill('Мекенжай', 'Шымкент қ., Тәуке хан даңғылы, 3');
      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(409);
      expect(await visitor.fieldValue('Мекенжай')).toBe('Шымкент қ., Тәуке хан даңғылы, 3');
      await visitor.press('Сақтау');
      await visitor.press('Сақтау').catch(() => undefined);
      expect((await world.saved(person)).changes).toBe(2);
    },
  },
  {
    name: 'two tabs: the second shows both versions, keeps what was typed, and can save',
    async run(world) {
      const person = await world.person();
      const first = await world.visitor();
      await openRequisites(first, person);
      const second = await first.newTab();
      await second.open(page);
      await first.fill('Мекенжай', address);
      await first.press('Сақтау');
      expect(await first.heading()).toBe('Рақмет!');

      const other = 'Шымкент қ., Тәуке хан даңғылы, 3';
      await second.fill('Мекенжай', other);
      await second.fill('Пәтер', '99');
      await second.press('Сақтау');
      expect(await second.status()).toBe(409);
      await second.sees('Деректер басқа терезеде өзгертілді');
      await second.sees(address);
      await second.sees(other);
      expect(await second.fieldValue('Мекенжай')).toBe(other);
      expect(await second.fieldValue('Пәтер')).toBe('99');
      expect(await world.saved(person)).toMatchObject({ changes: 1, revision: 2 });

      await second.press('Сақтау');
      expect(await second.heading()).toBe('Рақмет!');
      expect(await world.saved(person)).toMatchObject({ changes: 2, revision: 3 });
    },
  },
  {
    name: 'the session ends while a person types: what was typed returns after signing in',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await visitor.fill('Үй телефоны', '+7 (727) 250-00-02');
      await world.ageSessions(person, 16);
      await visitor.press('Сақтау');
      expect(await visitor.path()).toMatch(/^\/sign-in/);
      await visitor.sees('Сеанс аяқталды');
      await visitor.doesNotSee(address);
      expect(await world.saved(person)).toMatchObject({ changes: 0 });

      await signIn(visitor, person);
      await visitor.open(page);
      await visitor.press('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
      expect(await visitor.fieldValue('Үй телефоны')).toBe('+7 (727) 250-00-02');
      await visitor.press('Сақтау');
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.saved(person)).toMatchObject({ changes: 1 });
      await visitor.open(page);
      await visitor.doesNotSee('Енгізілген деректерді қайтару');
    },
  },
  {
    name: 'what one person typed before a time-out is never offered to another',
    async run(world) {
      const person = await world.person();
      const other = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await world.ageSessions(person, 16);
      await visitor.press('Сақтау');
      await signIn(visitor, other);
      await visitor.open(page);
      await visitor.doesNotSee('Жазғаныңыз сақталып қалды');
      await visitor.doesNotSee('Енгізілген деректерді қайтару');
      expect(await visitor.fieldValue('Мекенжай')).toBe(other.requisites.address);
    },
  },
  {
    name: 'several valid documents: the chosen one is on the receipt, and an expired one is not offered',
    async run(world) {
      const documents = [
        identityCard(1, { id: 'd1', number: '048111111' }),
        identityCard(1, { id: 'd2', type: 'passport', series: 'N', number: '12222222' }),
        identityCard(1, { id: 'd3', number: '048333333', validUntil: '2020-01-01' }),
      ];
      const person = await world.person({ documents });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      const offered = (await visitor.labels()).join(' ');
      expect(offered).toContain('048111111');
      expect(offered).toContain('12222222');
      expect(offered).not.toContain('048333333');
      const passport = (await visitor.labels()).find((label) => label.includes('12222222')) ?? '';
      await visitor.choose('Құжатты таңдаңыз', passport);
      await visitor.fill('Мекенжай', address);
      await visitor.press('Сақтау');
      expect(await visitor.heading()).toBe('Рақмет!');
      await visitor.sees('12222222');
      await visitor.doesNotSee('048111111');
    },
  },
  {
    name: 'no valid document: the page says what to do and shows the data, and nothing is saved',
    async run(world) {
      const person = await world.person({ documents: [identityCard(2, { validUntil: '2020-01-01' })] });
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.sees('Жарамды құжат жоқ');
      await visitor.sees(person.accounts[0]?.number ?? '');
      await visitor.sees(person.requisites.address ?? '');
      // Nobody types for minutes what cannot be saved.
      expect(await visitor.labels()).toEqual([]);
      await visitor.follow('Қызметтерге өту');
      expect(await visitor.path()).toBe('/services');
      expect(await world.saved(person)).toMatchObject({ changes: 0, outbox: 0 });
    },
  },
  {
    name: 'a change at a branch is shown, and a form opened before does not overwrite it',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await world.changeAtBranch(person, { address: 'Қарағанды қ., Бұқар жырау даңғылы, 1' });
      await visitor.fill('Пәтер', '5');
      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(409);
      await visitor.sees('Қарағанды қ., Бұқар жырау даңғылы, 1');
      await visitor.open(page);
      expect(await visitor.fieldValue('Мекенжай')).toBe('Қарағанды қ., Бұқар жырау даңғылы, 1');
    },
  },
];
