import { expect } from 'vitest';
import { inventIin, password } from '../../support/people.ts';
import type { Visitor } from '../../support/visitor.ts';
import { codeTo, type Journey, signIn } from '../journey.ts';

const contact = 'Ұялы телефон немесе электрондық мекенжай';
const matching = 'сәйкес келсе, код жіберілді';
const newPassword = 'тау бөктеріндегі көк үй';

/** Fills in the first page, which must be open. */
async function ask(visitor: Visitor, iin: string, to: string | null): Promise<void> {
  await visitor.fill('ЖСН', iin);
  await visitor.fill(contact, to ?? '');
  await visitor.press('Жалғастыру');
}

async function confirm(visitor: Visitor, code: string): Promise<void> {
  await visitor.fill('Растау коды', code);
  await visitor.press('Растау');
}

async function choose(visitor: Visitor, one: string, other = one): Promise<void> {
  await visitor.fill('Жаңа құпиясөз', one);
  await visitor.fill('Құпиясөзді растаңыз', other);
  await visitor.press('Сақтау');
}

/** Setting a first password, and replacing a forgotten one. */
export const registrationJourneys: readonly Journey[] = [
  {
    name: 'register by mobile from the start page',
    async run(world) {
      const person = await world.person({ password: undefined });
      const { mobilePhone, email } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/');
      await visitor.follow('Тіркелу');
      expect(await visitor.path()).toBe('/register');
      expect(await visitor.heading()).toBe('Тіркелу');
      await ask(visitor, person.iin, mobilePhone);
      expect(await visitor.path()).toBe('/register/confirm');
      await visitor.sees(matching);
      await visitor.doesNotSee(person.iin);
      await visitor.doesNotSee(person.name);

      const code = await codeTo(world, mobilePhone);
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
      expect(await world.inbox(email)).toEqual([]);
      await confirm(visitor, code === 'AAAAAAAA' ? 'BBBBBBBB' : 'AAAAAAAA');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.errorOf('Растау коды')).toBe('Код қате');
      expect(await visitor.fieldValue('Растау коды')).toBe('');
      // As it may be read aloud: in two halves, in small letters.
      await confirm(visitor, ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `);
      expect(await visitor.path()).toBe('/register/password');
      await visitor.sees('Кемінде 15, ең көбі 128 таңба.');

      await choose(visitor, newPassword);
      expect(await visitor.path()).toBe('/sign-in?password=saved');
      await visitor.sees('Құпиясөз сақталды');
      await signIn(visitor, { ...person, password: newPassword });
      expect(await visitor.path()).toBe('/services');
      await visitor.follow('Тарих');
      await visitor.sees('Құпиясөз қойылды, тіркелу аяқталды');
      // Both channels are notified, because only one was proved.
      expect((await world.inbox(email)).join()).toContain('алғашқы құпиясөз қойылды');
    },
  },
  {
    name: 'register by e-mail, typed in another form',
    async run(world) {
      const person = await world.person({ password: undefined });
      const { mobilePhone, email } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, ` ${person.iin} `, ` ${email?.toUpperCase()} `);
      await confirm(visitor, await codeTo(world, email));
      expect(await visitor.path()).toBe('/register/password');
      expect(await world.inbox(mobilePhone)).toEqual([]);
      await choose(visitor, newPassword);
      await signIn(visitor, { ...person, password: newPassword });
      expect(await visitor.path()).toBe('/services');
    },
  },
  {
    name: 'the page after asking is the same for people who get no code, and nothing is sent to them',
    async run(world) {
      const other = await world.person({ password: undefined });
      const blocked = await world.person({ password: undefined, status: 'blocked' });
      const asked: readonly (readonly [string, string | null])[] = [
        [other.iin, '+77019990001'],
        [other.iin, 'nobody@example.kz'],
        [inventIin(9_000), '+77019990002'],
        [blocked.iin, blocked.requisites.mobilePhone],
        [other.iin, other.requisites.email],
      ];
      const seen = new Set<string>();
      for (const [iin, to] of asked) {
        const visitor = await world.visitor();
        await visitor.open('/register');
        await ask(visitor, iin, to);
        expect(await visitor.path()).toBe('/register/confirm');
        seen.add(await visitor.text());
      }
      expect(seen.size).toBe(1);
      for (const [, to] of asked.slice(0, -1)) expect(await world.inbox(to)).toEqual([]);
      expect(await world.inbox(other.requisites.email)).toHaveLength(1);
      expect(await world.inbox(other.requisites.mobilePhone)).toEqual([]);
    },
  },
  {
    name: 'a registered person is told so only on their own channel',
    async run(world) {
      const person = await world.person();
      const { mobilePhone } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, person.iin, mobilePhone);
      await visitor.sees(matching);
      const [notice, ...more] = await world.inbox(mobilePhone);
      expect(notice).toContain('тіркелу әрекеті');
      expect(notice).not.toContain('#');
      expect(more).toEqual([]);
      await confirm(visitor, 'AAAAAAAA');
      expect(await visitor.errorOf('Растау коды')).toBe('Код қате');
    },
  },
  {
    name: 'recover a forgotten password: every session ends, and mobile and e-mail cannot be changed',
    async run(world) {
      const person = await world.person();
      const { mobilePhone, email } = person.requisites;
      const elsewhere = await world.visitor();
      await elsewhere.open('/services/requisites');
      await signIn(elsewhere, person);

      const visitor = await world.visitor();
      await visitor.open('/sign-in');
      await visitor.follow('Құпиясөзді ұмыттыңыз ба?');
      expect(await visitor.heading()).toBe('Құпиясөзді қалпына келтіру');
      await ask(visitor, person.iin, mobilePhone);
      await confirm(visitor, await codeTo(world, mobilePhone));
      expect(await visitor.path()).toBe('/recover/password');
      await visitor.sees('72 сағат бойы');
      await choose(visitor, newPassword);
      expect(await visitor.path()).toBe('/sign-in?password=saved');
      await visitor.open('/services');
      expect(await visitor.path()).toMatch(/^\/sign-in/);

      await elsewhere.open('/services/requisites');
      expect(await elsewhere.path()).toMatch(/^\/sign-in/);
      await signIn(elsewhere, person);
      expect(await elsewhere.status()).toBe(422);
      for (const to of [mobilePhone, email]) {
        expect((await world.inbox(to)).join()).toMatch(/құпиясөз жаңарды|қалпына келтірілді/);
      }

      await visitor.open('/sign-in');
      await signIn(visitor, { ...person, password: newPassword });
      await visitor.open('/security');
      await visitor.sees('Құпиясөз код арқылы қойылған');
      await visitor.open('/services/requisites');
      await visitor.fill('Электрондық мекенжай', 'basqa@example.kz');
      await visitor.press('Сақтау');
      expect(await visitor.errorOf('Электрондық мекенжай')).toContain('Құпиясөз жақында код арқылы қойылған');
    },
  },
  {
    name: 'a person without a password who asks to recover it gets the code of a registration',
    async run(world) {
      const person = await world.person({ password: undefined });
      const { email } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/recover');
      await ask(visitor, person.iin, email);
      expect((await world.inbox(email)).join()).toContain('Жеке кабинетке тіркелуге арналған');
      await confirm(visitor, await codeTo(world, email));
      await choose(visitor, newPassword);
      await signIn(visitor, { ...person, password: newPassword });
      await visitor.open('/history');
      await visitor.sees('Құпиясөз қойылды, тіркелу аяқталды');
    },
  },
  {
    name: 'errors in what was typed are shown, without saying whose it is',
    async run(world) {
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, '', '');
      expect(await visitor.status()).toBe(422);
      expect(await visitor.title()).toMatch(/^Қате: /);
      expect(await visitor.errorOf('ЖСН')).toBe('ЖСН-ды енгізіңіз (12 сан)');
      expect(await visitor.errorOf(contact)).toBe('Ұялы телефонды немесе электрондық мекенжайды енгізіңіз');
      await ask(visitor, '123', '+7 727 250 12 34');
      expect(await visitor.errorOf('ЖСН')).toBe('ЖСН қате: 12 санды тексеріңіз');
      expect(await visitor.errorOf(contact)).toBe(
        'Қазақстандық провайдердің ұялы телефон нөмірін көрсетіңіз',
      );
      expect(await visitor.fieldValue('ЖСН')).toBe('123');
      await ask(visitor, inventIin(1), 'a@@example');
      expect(await visitor.errorOf(contact)).toContain('Электрондық мекенжай');
      expect(await visitor.fieldValue(contact)).toBe('a@@example');
    },
  },
  {
    name: 'correct what was typed, from the page of the code',
    async run(world) {
      const person = await world.person({ password: undefined });
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, person.iin, '8 701 000 00 99');
      await visitor.follow('Деректерді түзету');
      expect(await visitor.fieldValue('ЖСН')).toBe(person.iin);
      expect(await visitor.fieldValue(contact)).toBe('+7 (701) 000-00-99');
      await visitor.open('/register');
      expect(await visitor.fieldValue(contact)).toBe('');
      await ask(visitor, person.iin, person.requisites.mobilePhone);
      await confirm(visitor, await codeTo(world, person.requisites.mobilePhone));
      expect(await visitor.path()).toBe('/register/password');
    },
  },
  {
    name: 'a resend sends the same code, and another one after it has expired',
    async run(world) {
      const person = await world.person({ password: undefined });
      const { mobilePhone } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, person.iin, mobilePhone);
      const code = await codeTo(world, mobilePhone);
      await visitor.press('Кодты қайта жіберу');
      await visitor.sees('код қайта жіберілді');
      expect(await world.inbox(mobilePhone)).toHaveLength(2);
      expect(await codeTo(world, mobilePhone)).toBe(code);

      await world.ageEntries(10);
      await confirm(visitor, code);
      expect(await visitor.errorOf('Растау коды')).toContain('мерзімі өтті');
      await visitor.press('Кодты қайта жіберу');
      const another = await codeTo(world, mobilePhone);
      expect(another).not.toBe(code);
      await confirm(visitor, code);
      expect(await visitor.errorOf('Растау коды')).toBe('Код қате');
      await confirm(visitor, another);
      expect(await visitor.path()).toBe('/register/password');
    },
  },
  {
    name: 'an IIN and a code with invisible marks, and a code in Cyrillic letters, are accepted',
    async run(world) {
      const person = await world.person();
      const { mobilePhone } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/recover');
      await ask(visitor, `\u200e${person.iin}\u200f`, `\u202a${mobilePhone}\u202c`);
      const code = await codeTo(world, mobilePhone);
      for (let tries = 0; tries < 6; tries += 1) {
        await confirm(visitor, code.slice(1));
        expect(await visitor.errorOf('Растау коды')).toContain('8 әріп пен саннан');
      }
      const shapes: Readonly<Record<string, string>> = { A: 'А', B: 'В', C: 'С', E: 'Е', H: 'Н', K: 'К' };
      const typed = [...code].map((sign) => shapes[sign] ?? sign).join('');
      await confirm(visitor, `${typed.slice(0, 4)}\u2013${typed.slice(4)}\u00ad`);
      expect(await visitor.path()).toBe('/recover/password');
    },
  },
  {
    name: 'after five wrong codes the right one is refused',
    async run(world) {
      const person = await world.person();
      const { mobilePhone } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/recover');
      await ask(visitor, person.iin, mobilePhone);
      const code = await codeTo(world, mobilePhone);
      for (let tries = 0; tries < 5; tries += 1) {
        await confirm(visitor, `WR0NG${tries}00`);
        expect(await visitor.errorOf('Растау коды')).toBe('Код қате');
      }
      await confirm(visitor, code);
      expect(await visitor.errorOf('Растау коды')).toContain('Әрекет саны таусылды');
      await visitor.press('Кодты қайта жіберу');
      const another = await codeTo(world, mobilePhone);
      expect(another).not.toBe(code);
      await confirm(visitor, another);
      expect(await visitor.path()).toBe('/recover/password');
    },
  },
  {
    name: 'a fourth code within 15 minutes is not sent, and the answer is the same',
    async run(world) {
      const person = await world.person({ password: undefined });
      const { mobilePhone } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, person.iin, mobilePhone);
      for (let times = 0; times < 4; times += 1) {
        await world.inbox(mobilePhone);
        await visitor.press('Кодты қайта жіберу');
        await visitor.sees('код қайта жіберілді');
      }
      expect(await world.inbox(mobilePhone)).toHaveLength(3);
      await confirm(visitor, await codeTo(world, mobilePhone));
      expect(await visitor.path()).toBe('/register/password');
    },
  },
  {
    name: 'each password that cannot be chosen gets its reason',
    async run(world) {
      const person = await world.person({ password: undefined });
      const { mobilePhone } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/register');
      await ask(visitor, person.iin, mobilePhone);
      await confirm(visitor, await codeTo(world, mobilePhone));
      const refused: readonly (readonly [string, string])[] = [
        ['', 'Жаңа құпиясөзді енгізіңіз'],
        ['қысқа сөз', 'Құпиясөз тым қысқа'],
        ['а'.repeat(129), 'Құпиясөз тым ұзақ'],
        ['qwertyuiop12345', 'көп адам қолданады'],
        ['зейнетақы 2026!', 'атауынан құралған'],
        [`${person.iin} тау`, 'Оларсыз жазыңыз'],
        [`менің атым ${person.name}`, 'Оларсыз жазыңыз'],
      ];
      for (const [typed, why] of refused) {
        await choose(visitor, typed);
        expect(await visitor.status()).toBe(422);
        expect(await visitor.errorOf('Жаңа құпиясөз')).toContain(why);
        expect(await visitor.fieldValue('Жаңа құпиясөз')).toBe('');
      }
      await choose(visitor, newPassword, `${newPassword}!`);
      expect(await visitor.errorOf('Құпиясөзді растаңыз')).toBe('Құпиясөздер сәйкес келмейді');
      await choose(visitor, newPassword);
      expect(await visitor.path()).toBe('/sign-in?password=saved');
      await visitor.open('/register/password');
      expect(await visitor.path()).toBe('/register');
    },
  },
  {
    name: 'another language keeps the IIN and the contact, and never a code or a password',
    async run(world) {
      const person = await world.person({ password: undefined });
      const visitor = await world.visitor();
      await visitor.open('/register');
      await visitor.fill('ЖСН', person.iin);
      await visitor.fill(contact, '8701 белгісіз');
      await visitor.press('РУС');
      expect(await visitor.heading()).toBe('Регистрация');
      expect(await visitor.fieldValue('ИИН')).toBe(person.iin);
      expect(await visitor.fieldValue('Мобильный телефон или электронный адрес')).toBe('8701 белгісіз');
      await visitor.fill('Мобильный телефон или электронный адрес', person.requisites.mobilePhone ?? '');
      await visitor.press('Продолжить');

      await visitor.fill('Код подтверждения', 'ABCD1234');
      await visitor.press('ENG');
      await visitor.sees('Confirmation code');
      expect(await visitor.fieldValue('Confirmation code')).toBe('');
      await visitor.fill('Confirmation code', await codeTo(world, person.requisites.mobilePhone));
      await visitor.press('Confirm');
      await visitor.fill('New password', newPassword);
      await visitor.press('ҚАЗ');
      expect(await visitor.heading()).toBe('Жаңа құпиясөз');
      expect(await visitor.fieldValue('Жаңа құпиясөз')).toBe('');
      await choose(visitor, newPassword);
      expect(await visitor.path()).toBe('/sign-in?password=saved');
    },
  },
  {
    name: 'the later pages lead back to the first when no request was begun',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      for (const start of ['/register', '/recover']) {
        for (const page of ['confirm', 'password']) {
          await visitor.open(`${start}/${page}`);
          expect(await visitor.path()).toBe(start);
        }
      }
      await visitor.open('/recover');
      await ask(visitor, person.iin, person.requisites.mobilePhone);
      await visitor.open('/recover/password');
      expect(await visitor.path()).toBe('/recover/confirm');
      // A request of one kind does not work for the other.
      await visitor.open('/register/confirm');
      expect(await visitor.path()).toBe('/register');
      await world.ageEntries(60);
      await visitor.open('/recover/confirm');
      expect(await visitor.path()).toBe('/recover');
    },
  },
];

/** What holders do for the security of their own cabinet. */
export const securityJourneys: readonly Journey[] = [
  {
    name: 'lock the cabinet: every session ends, and the password opens it no more',
    async run(world) {
      const person = await world.person();
      const owner = await world.visitor();
      const thief = await world.visitor();
      for (const visitor of [owner, thief]) {
        await visitor.open('/');
        await signIn(visitor, person);
      }
      await owner.open('/security');
      await owner.follow('Кабинетті құлыптау');
      expect(await owner.path()).toBe('/security/lock');
      await owner.sees('Бұл кабинетке ЭЦҚ арқылы әлі кірмегенсіз');
      await owner.press('Құлыптау');
      expect(await owner.path()).toBe('/sign-in?ended=locked');
      await owner.sees('Кабинет құлыпталды, барлық сеанс аяқталды');
      await thief.open('/services');
      expect(await thief.path()).toMatch(/^\/sign-in/);
      await signIn(thief, person);
      expect(await thief.status()).toBe(422);
      await thief.sees('Кабинет құлыпталған');
    },
  },
  {
    name: 'change the password: the other session ends, and this one continues',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, person);
      await visitor.open('/services/requisites');
      const elsewhere = await world.visitor();
      await elsewhere.open('/');
      await signIn(elsewhere, person);

      await visitor.follow('Қауіпсіздік');
      expect(await visitor.heading()).toBe('Қауіпсіздік');
      await visitor.follow('Құпиясөзді өзгерту');
      const change = async (current: string, one: string, other = one) => {
        await visitor.fill('Қазіргі құпиясөз', current);
        await choose(visitor, one, other);
      };
      await change('', newPassword);
      expect(await visitor.errorOf('Қазіргі құпиясөз')).toBe('Қазіргі құпиясөзді енгізіңіз');
      await change('басқа бір сөздер', newPassword);
      expect(await visitor.errorOf('Қазіргі құпиясөз')).toBe('Қазіргі құпиясөз қате');
      await change(password, newPassword.slice(0, 14));
      expect(await visitor.errorOf('Жаңа құпиясөз')).toContain('кемінде 15 таңба');
      await change(password, 'қысқа', 'басқа');
      expect(await visitor.errorOf('Жаңа құпиясөз')).toContain('тым қысқа');
      await change(password, newPassword);
      expect(await visitor.path()).toBe('/security?done=changed');
      await visitor.sees('Құпиясөз сәтті өзгертілді');
      await visitor.follow('Құпиясөзді өзгерту');
      await change(newPassword, newPassword);
      expect(await visitor.errorOf('Жаңа құпиясөз')).toContain('өзгеше');
      await elsewhere.open('/services');
      expect(await elsewhere.path()).toMatch(/^\/sign-in/);
      await signIn(elsewhere, { ...person, password: newPassword });
      expect(await elsewhere.path()).toBe('/services');
      expect((await world.inbox(person.requisites.email)).join()).toContain('құпиясөзі өзгертілді');
    },
  },
  {
    name: 'guesses of the current password are delayed',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/security/password');
      await signIn(visitor, person);
      await visitor.open('/security/password');
      for (let tries = 0; tries < 6; tries += 1) {
        await visitor.fill('Қазіргі құпиясөз', `тапқым келеді ${tries}`);
        await choose(visitor, newPassword);
      }
      expect(await visitor.status()).toBe(429);
      await visitor.sees('Құпиясөзді тексеру уақытша шектелді');
      await world.ageFailures(2);
      await visitor.fill('Қазіргі құпиясөз', password);
      await choose(visitor, newPassword);
      expect(await visitor.path()).toBe('/security?done=changed');
    },
  },
  {
    name: 'see the sessions, end another one, then all others',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, person);
      const other = await world.visitor();
      await other.open('/');
      await signIn(other, person);
      await visitor.open('/security');
      await visitor.sees('Осы сеанс');
      await visitor.press('Сеансты аяқтау');
      await visitor.sees('Сеанс аяқталды');
      await other.open('/services');
      expect(await other.path()).toMatch(/^\/sign-in/);

      await signIn(other, person);
      await visitor.open('/security');
      await visitor.press('Басқа сеанстарды аяқтау');
      await visitor.sees('Басқа сеанстар аяқталды');
      await other.open('/services');
      expect(await other.path()).toMatch(/^\/sign-in/);
      await visitor.open('/services');
      expect(await visitor.path()).toBe('/services');
    },
  },
  {
    name: 'a sign-in on a new device sends a notice on every channel, the first one and a known one do not',
    async run(world) {
      const person = await world.person();
      const { mobilePhone, email } = person.requisites;
      const visitor = await world.visitor();
      await visitor.open('/services/requisites');
      await signIn(visitor, person);
      await visitor.open('/services/requisites');
      await visitor.press('Шығу');
      await visitor.open('/sign-in');
      await signIn(visitor, person);
      expect(await world.inbox(mobilePhone)).toEqual([]);

      const stranger = await world.visitor();
      await stranger.open('/');
      await signIn(stranger, person);
      expect(await stranger.path()).toBe('/services');
      expect((await world.inbox(mobilePhone)).join()).toContain('жаңа құрылғы');
      const [letter] = await world.inbox(email);
      expect(letter).toContain('бұрын пайдаланылмаған құрылғыдан');

      // The owner answers "this wasn't me". The stranger is signed out, and nothing restores the
      // password now.
      await visitor.open(await world.notMePath(person));
      await visitor.press('Бұл мен емеспін, тоқтату');
      await stranger.open('/services');
      expect(await stranger.path()).toMatch(/^\/sign-in/);
      const sent = await world.inbox(email);
      await stranger.open('/recover');
      await ask(stranger, person.iin, email);
      await stranger.sees(matching);
      expect(await world.inbox(email)).toEqual(sent);
      await visitor.open('/sign-in');
      await signIn(visitor, person);
      await visitor.open('/security');
      await visitor.sees('қалпына келтіру мен байланыс деректерін өзгерту тоқтатылған');
    },
  },
];
