import { expect } from 'vitest';
import type { PersonLine } from '../../support/people.ts';
import type { Visitor } from '../../support/visitor.ts';
import { codesTo, codeTo, type Journey, openRequisites, signIn, type World } from '../journey.ts';

const form = '/services/requisites';
const page = '/services/requisites/confirm';

const mobile = 'Ұялы телефон';
const email = 'Электрондық мекенжай';
const newMobileCode = 'Жаңа нөмірге келген код';
const newEmailCode = 'Жаңа электрондық мекенжайға келген код';
const currentCode = 'Бұрынғы нөмірге немесе электрондық мекенжайға келген код';
const via = 'Код қайда жіберілсін?';
const byMobile = 'SMS арқылы, бұрынғы нөмірге';
const byEmail = 'Хат арқылы, бұрынғы электрондық мекенжайға';
const confirm = 'Растау';
const resend = 'Кодты қайта жіберу';
const cancel = 'Өзгерістен бас тарту';

const withoutEmail = (person: Pick<PersonLine, 'requisites'>) => ({ ...person.requisites, email: null });

/** A number and an address that nobody else has, in their stored form. */
function newValues(person: PersonLine): { readonly mobile: string; readonly email: string } {
  return {
    mobile: (person.requisites.mobilePhone ?? '').replace('+7701', '+7702'),
    email: `zhana.${person.iin}@example.kz`,
  };
}

/** Types a code as people do, with a space in it. */
async function enter(visitor: Visitor, label: string, code: string): Promise<void> {
  await visitor.fill(label, `${code.slice(0, 3)} ${code.slice(3)}`);
}

/** A code that differs from this one. */
function other(code: string): string {
  return code.replace(/.$/, (last) => String((Number(last) + 1) % 10));
}

/** Opens the form as this person, and proposes another mobile or e-mail. */
async function propose(visitor: Visitor, person: PersonLine, label: string, value: string): Promise<void> {
  await openRequisites(visitor, person);
  await visitor.fill(label, value);
  await visitor.press('Сақтау');
}

/** Chooses a channel on file, to which the code is sent. */
async function choose(visitor: Visitor, option: string): Promise<void> {
  await visitor.choose(via, option);
  await visitor.press('Кодты жіберу');
}

/** Changes the mobile completely, confirmed by e-mail. */
async function changeMobile(world: World, visitor: Visitor, person: PersonLine): Promise<string> {
  const value = newValues(person).mobile;
  await propose(visitor, person, mobile, value);
  await choose(visitor, byEmail);
  await enter(visitor, newMobileCode, await codeTo(world, value));
  await enter(visitor, currentCode, await codeTo(world, person.requisites.email));
  await visitor.press(confirm);
  expect(await visitor.heading()).toBe('Рақмет!');
  return value;
}

/** Changing mobile and e-mail, through which the account can be opened. */
export const contactJourneys: readonly Journey[] = [
  {
    name: 'change the mobile: codes to both numbers, notices to all channels, other browsers signed out',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const elsewhere = await world.visitor();
      await openRequisites(elsewhere, person);
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      const messagesTo = async (to: string | null) => (await world.inbox(to)).length;
      const before = {
        mobile: await messagesTo(person.requisites.mobilePhone),
        email: await messagesTo(person.requisites.email),
      };
      await visitor.fill(mobile, value);
      await visitor.press('Сақтау');
      expect(await visitor.path()).toBe(page);
      await visitor.sees('+7 (702) 555-');
      await visitor.sees('Өзгеріс толық расталғанша бұрынғы деректер күшінде қалады');
      expect(await codesTo(world, person.requisites.mobilePhone)).toEqual([]);
      expect(await messagesTo(person.requisites.email)).toBe(before.email + 1);

      await choose(visitor, byMobile);
      await visitor.sees('Код жіберілді');
      await enter(visitor, newMobileCode, await codeTo(world, value));
      await enter(visitor, currentCode, await codeTo(world, person.requisites.mobilePhone));
      await visitor.press(confirm);
      expect(await visitor.path()).toMatch(/^\/receipts\//);
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.saved(person)).toMatchObject({ changes: 1, revision: 2 });

      // Each former channel is notified of the proposal and of the change. The new one gets a
      // notice and its code.
      expect(await messagesTo(person.requisites.email)).toBe(before.email + 2);
      expect(await messagesTo(person.requisites.mobilePhone)).toBe(before.mobile + 3);
      expect(await messagesTo(value)).toBe(2);
      await visitor.open(form);
      expect(await visitor.fieldValue(mobile)).toContain('+7 (702) 555-');
      await visitor.open('/history');
      await visitor.sees('Байланыс деректері өзгертілді');
      await elsewhere.open('/history');
      expect(await elsewhere.path()).toMatch(/^\/sign-in/);
    },
  },
  {
    name: 'the old number is lost: the e-mail confirms, codes are entered one by one, and the last one saves',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      await enter(visitor, newMobileCode, await codeTo(world, value));
      await visitor.press(confirm);
      expect(await visitor.path()).toBe(page);
      await visitor.sees('Жаңа нөмір расталды');
      expect(await visitor.labels()).not.toContain(newMobileCode);
      await visitor.press('Кодты жіберу');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.errorOf(via)).toContain('Код қайда жіберілетінін таңдаңыз');
      await choose(visitor, byEmail);
      expect(await world.saved(person)).toMatchObject({ changes: 0, revision: 1 });
      await visitor.press(confirm);
      expect(await visitor.errorOf(currentCode)).toContain('Кодты енгізіңіз');
      await enter(visitor, currentCode, await codeTo(world, person.requisites.email));
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await codesTo(world, person.requisites.mobilePhone)).toEqual([]);
    },
  },
  {
    name: 'change the e-mail together with the address',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).email;
      const address = 'Астана қ., Қабанбай батыр даңғылы, 53-үй';
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await visitor.fill(email, value);
      await visitor.press('Сақтау');
      await choose(visitor, byMobile);
      await enter(visitor, newEmailCode, await codeTo(world, value));
      await enter(visitor, currentCode, await codeTo(world, person.requisites.mobilePhone));
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
      await visitor.sees(address);
      await visitor.sees(value);
      await visitor.open(form);
      expect(await visitor.fieldValue(email)).toBe(value);
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
    },
  },
  {
    name: 'a first e-mail: only the mobile can confirm, so both codes are sent at once',
    async run(world) {
      const somebody = await world.person();
      const person = await world.person({ requisites: withoutEmail(somebody) });
      const value = newValues(person).email;
      const visitor = await world.visitor();
      await propose(visitor, person, email, value);
      expect(await visitor.labels()).toEqual([newEmailCode, currentCode]);
      await enter(visitor, newEmailCode, await codeTo(world, value));
      await enter(visitor, currentCode, await codeTo(world, person.requisites.mobilePhone));
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
    },
  },
  {
    name: 'remove the e-mail: no new value to prove, one code',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await propose(visitor, person, email, '');
      expect(await visitor.path()).toBe(page);
      await choose(visitor, byMobile);
      expect(await visitor.labels()).not.toContain(newEmailCode);
      await enter(visitor, currentCode, await codeTo(world, person.requisites.mobilePhone));
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
      await visitor.open(form);
      expect(await visitor.fieldValue(email)).toBe('');
      await visitor.fill(mobile, '');
      await visitor.press('Сақтау');
      expect(await visitor.errorOf(mobile)).toContain('кемінде біреуі қалуы керек');
    },
  },
  {
    name: 'a text that is not a code costs no try; a code pasted as its line or typed on another layout is right',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      const code = await codeTo(world, value);
      for (let attempt = 1; attempt <= 6; attempt += 1) {
        await visitor.fill(newMobileCode, code.slice(0, 5));
        await visitor.press(confirm);
        expect(await visitor.errorOf(newMobileCode)).toContain('6 саннан');
      }
      await visitor.fill(newMobileCode, `“@localhost #${code.slice(0, 3)}\u2011${code.slice(3)}”.`);
      await visitor.press(confirm);
      await visitor.sees('Жаңа нөмір расталды');
      await choose(visitor, byEmail);
      const current = await codeTo(world, person.requisites.email);
      await visitor.fill(currentCode, [...current].map((digit) => 'қ"әіңғ,.үұ'[Number(digit)]).join(''));
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
    },
  },
  {
    name: 'a wrong code can be corrected; after five the right one is refused, and a new one is sent',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      const first = await codeTo(world, value);
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        await enter(visitor, newMobileCode, other(first));
        await visitor.press(confirm);
        expect(await visitor.status()).toBe(422);
        expect(await visitor.title()).toMatch(/^Қате: /);
        expect(await visitor.errorOf(newMobileCode)).toContain('Код қате');
        expect(await visitor.fieldValue(newMobileCode)).toBe('');
      }
      await enter(visitor, newMobileCode, first);
      await visitor.press(confirm);
      expect(await visitor.errorOf(newMobileCode)).toContain('әрекет саны таусылған');
      await visitor.press(resend);
      const second = await codeTo(world, value);
      expect(second).not.toBe(first);
      await enter(visitor, newMobileCode, second);
      await visitor.press(confirm);
      await visitor.sees('Жаңа нөмір расталды');
    },
  },
  {
    name: 'resend: the same code while it is valid, another one after that, at most three in 15 minutes',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      await visitor.press(resend);
      await visitor.sees('Код жіберілді');
      const [second, first] = await codesTo(world, value);
      expect(second).toBe(first);

      await world.ageEntries(6);
      await enter(visitor, newMobileCode, first ?? '');
      await visitor.press(confirm);
      expect(await visitor.errorOf(newMobileCode)).toContain('қолданылу мерзімі өткен');
      await visitor.press(resend);
      const third = await codeTo(world, value);
      expect(third).not.toBe(first);
      await visitor.press(resend);
      expect(await visitor.status()).toBe(429);
      await visitor.sees('15 минуттан кейін');
      expect(await codesTo(world, value)).toHaveLength(3);
      await enter(visitor, newMobileCode, third);
      await visitor.press(confirm);
      await visitor.sees('Жаңа нөмір расталды');
    },
  },
  {
    name: 'the page does not claim that a code held back by a limit was sent',
    ways: ['inject'],
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      const numbers = [3, 4, 5, 6].map((digit) =>
        newValues(person).mobile.replace('+7702555', `+770255${digit}`),
      );
      for (const number of numbers) {
        await visitor.open(form);
        await visitor.fill(mobile, number);
        await visitor.press('Сақтау');
      }
      await visitor.sees('Код тым жиі сұралды');
      await visitor.doesNotSee('Код жіберілді:');
      expect(await codesTo(world, numbers.at(-1) ?? '')).toEqual([]);
      await world.ageAllowances(16);
      await visitor.press(resend);
      await visitor.sees('Код жіберілді:');
      expect(await codesTo(world, numbers.at(-1) ?? '')).toHaveLength(1);
    },
  },
  {
    name: 'correct the value: everything typed is there again, and the former code is useless',
    async run(world) {
      const person = await world.person();
      const wrong = newValues(person).mobile;
      const right = wrong.replace('+7702', '+7705');
      const address = 'Шымкент қ., Тәуке хан даңғылы, 3';
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Мекенжай', address);
      await visitor.fill(mobile, wrong);
      await visitor.press('Сақтау');
      const former = await codeTo(world, wrong);
      await visitor.press('Деректерді түзету');
      expect(await visitor.fieldValue('Мекенжай')).toBe(address);
      expect(await visitor.fieldValue(mobile)).toContain('+7 (702) 555-');
      await visitor.fill(mobile, right);
      await visitor.press('Сақтау');
      expect(await visitor.path()).toBe(page);
      await visitor.sees('+7 (705) 555-');
      const code = await codeTo(world, right);
      if (code !== former) {
        await enter(visitor, newMobileCode, former);
        await visitor.press(confirm);
        expect(await visitor.errorOf(newMobileCode)).toContain('Код қате');
      }
      await enter(visitor, newMobileCode, code);
      await visitor.press(confirm);
      await visitor.sees('Жаңа нөмір расталды');
    },
  },
  {
    name: 'a pending change is shown beside the form, and can be continued or cancelled there',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      await visitor.open(form);
      await visitor.sees('Растауды күтіп тұрған өзгеріс бар');
      expect(await visitor.fieldValue(mobile)).toContain('+7 (701) 555-');
      await visitor.press('РУС');
      await visitor.sees('Есть изменение, которое ждёт подтверждения');
      await visitor.press('ҚАЗ');
      await visitor.follow('Растауды жалғастыру');
      expect(await visitor.path()).toBe(page);
      await visitor.open(form);
      await visitor.press(cancel);
      expect(await visitor.path()).toBe(form);
      await visitor.doesNotSee('Растауды күтіп тұрған өзгеріс бар');
      await visitor.open(page);
      expect(await visitor.path()).toBe(form);
      expect(await world.saved(person)).toMatchObject({ changes: 0, revision: 1 });
    },
  },
  {
    name: 'mobile and e-mail at once are refused before any code is sent, and everything typed stays',
    async run(world) {
      const person = await world.person();
      const values = newValues(person);
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill(mobile, values.mobile);
      await visitor.fill(email, values.email);
      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.errorOf(email)).toContain('бір мезгілде өзгертуге болмайды');
      expect(await visitor.fieldValue(mobile)).toBe(values.mobile);
      expect(await visitor.fieldValue(email)).toBe(values.email);
      expect(await world.inbox(values.mobile)).toEqual([]);
      expect(await world.inbox(values.email)).toEqual([]);
      await visitor.open(page);
      expect(await visitor.path()).toBe(form);
    },
  },
  {
    name: 'after one channel the other must wait for 72 hours: the time is shown, and after it the change works',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await changeMobile(world, visitor, person);
      const value = newValues(person).email;
      await visitor.open(form);
      await visitor.fill(email, value);
      await visitor.press('Сақтау');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.errorOf(email)).toMatch(/Жақында басқа байланыс.*уақыт: .*\d{2}:\d{2}/);
      expect(await world.inbox(value)).toEqual([]);
      await world.ageContacts(person, 73);
      await visitor.press('Сақтау');
      expect(await visitor.path()).toBe(page);
      expect(await codesTo(world, value)).toHaveLength(1);
    },
  },
  {
    name: 'no channel left to confirm: the page says so and names the alternatives',
    async run(world) {
      const somebody = await world.person();
      const person = await world.person({
        requisites: { ...somebody.requisites, mobilePhone: null, email: null },
      });
      const value = `zhana.${person.iin}@example.kz`;
      const visitor = await world.visitor();
      await propose(visitor, person, email, value);
      expect(await visitor.path()).toBe(page);
      await visitor.sees('Растау кодын жіберуге болатын нөмір де, электрондық мекенжай да жоқ');
      await visitor.sees('БЖЗҚ бөлімшесіне жүгініңіз');
      expect(await visitor.labels()).toEqual([]);
      expect(await world.inbox(value)).toEqual([]);
      await visitor.press('Деректерді түзету');
      expect(await visitor.fieldValue(email)).toBe(value);
    },
  },
  {
    name: 'the language is switched while codes are expected, and the choice stays',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      await visitor.choose(via, byEmail);
      await visitor.press('РУС');
      expect(await visitor.path()).toMatch(/^\/(language|services\/requisites\/confirm)/);
      expect(await visitor.language()).toBe('ru');
      await visitor.sees('+7 (702) 555-');
      expect(await visitor.fieldValue('Куда отправить код?')).toMatch(/прежний электронный адрес/);
      await visitor.press('ҚАЗ');
      expect(await visitor.fieldValue(via)).toBe(byEmail);
      expect(await codesTo(world, person.requisites.email)).toEqual([]);
    },
  },
  {
    name: 'proofs older than five minutes must be given again',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      await enter(visitor, newMobileCode, await codeTo(world, value));
      await visitor.press(confirm);
      await choose(visitor, byEmail);
      await world.agePending(person, 6);
      await enter(visitor, currentCode, await codeTo(world, person.requisites.email));
      await visitor.press(confirm);
      expect(await visitor.path()).toBe(page);
      await visitor.sees('Растау мерзімі өтті');
      expect(await world.saved(person)).toMatchObject({ changes: 0 });
      await visitor.press(resend);
      await enter(visitor, newMobileCode, await codeTo(world, value));
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
    },
  },
  {
    name: 'a branch changes something meanwhile: both versions are shown, and nothing overwrites it unseen',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).email;
      const visitor = await world.visitor();
      await propose(visitor, person, email, value);
      await choose(visitor, byMobile);
      await enter(visitor, newEmailCode, await codeTo(world, value));
      await enter(visitor, currentCode, await codeTo(world, person.requisites.mobilePhone));
      await world.changeAtBranch(person, { address: 'Қарағанды қ., Бұқар жырау даңғылы, 1' });
      await visitor.press(confirm);
      await visitor.sees('Деректер басқа терезеде өзгертілді');
      expect(await visitor.fieldValue('Мекенжай')).toBe('Қарағанды қ., Бұқар жырау даңғылы, 1');
      expect(await visitor.fieldValue(email)).toBe(value);
      expect(await world.saved(person)).toMatchObject({ changes: 0, revision: 2 });
      await visitor.press('Сақтау');
      expect(await visitor.path()).toBe(page);
    },
  },
  {
    name: 'two impatient clicks on the last button: one change, and both lead to its receipt',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await propose(visitor, person, mobile, value);
      await choose(visitor, byEmail);
      await enter(visitor, newMobileCode, await codeTo(world, value));
      await enter(visitor, currentCode, await codeTo(world, person.requisites.email));
      const answers = await visitor.pressAtOnce(confirm, 2);
      expect(answers.map(({ status }) => status)).toEqual([303, 303]);
      expect(answers[0]?.location).toMatch(/\/receipts\//);
      expect(answers[1]?.location).toBe(answers[0]?.location);
      await visitor.press(confirm);
      expect(await visitor.heading()).toBe('Рақмет!');
      expect(await world.saved(person)).toMatchObject({ changes: 1, revision: 2 });
    },
  },
  {
    name: 'two impatient clicks on Save: one change waits, one code is sent',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill(mobile, value);
      await visitor.pressAtOnce('Сақтау', 2);
      expect(await codesTo(world, value)).toHaveLength(1);
      expect(await world.inbox(person.requisites.email)).toHaveLength(1);
    },
  },
  {
    name: '"this wasn\'t me": opening changes nothing, the button stops everything, and the page says how to continue',
    async run(world) {
      const person = await world.person();
      const value = newValues(person).mobile;
      const thief = await world.visitor();
      await propose(thief, person, mobile, value);
      const code = await codeTo(world, value);
      const link = await world.notMePath(person);

      const owner = await world.visitor();
      await owner.open(link);
      expect(await owner.heading()).toBe('Мұны сіз жасамадыңыз ба?');
      await owner.doesNotSee(person.name);
      await thief.open(page);
      expect(await thief.path()).toBe(page);

      await owner.press('Бұл мен емеспін, тоқтату');
      expect(await owner.heading()).toBe('Тоқтатылды');
      await owner.sees('БЖЗҚ бөлімшесіне');
      await enter(thief, newMobileCode, code);
      await thief.press(confirm);
      expect(await thief.path()).toMatch(/^\/sign-in/);
      await signIn(thief, person);
      await thief.open(form);
      await thief.doesNotSee('Растауды күтіп тұрған өзгеріс бар');
      await thief.fill(mobile, value);
      await thief.press('Сақтау');
      expect(await thief.status()).toBe(422);
      expect(await thief.errorOf(mobile)).toContain('тоқтатылған');
      await thief.open('/history');
      await thief.sees('«Бұл мен емеспін» деп хабарланды');
    },
  },
];
