import { expect } from 'vitest';
import { password } from '../../support/people.ts';
import { appCode } from '../../support/step-visitor.ts';
import type { Visitor } from '../../support/visitor.ts';
import { codeTo, type Journey, signIn } from '../journey.ts';

/** Codes by SMS are turned on, from the page of security to the fresh proof and back. */
async function turnSmsOn(visitor: Visitor): Promise<void> {
  await visitor.open('/security');
  await visitor.follow('SMS арқылы растауды баптау');
  expect(await visitor.path()).toBe('/security/prove?to=%2Fsecurity%2Fsms-step');
  await visitor.fill('Қазіргі құпиясөз', password);
  await visitor.press('Растау');
  expect(await visitor.path()).toBe('/security/sms-step');
  await visitor.sees('Нөміріңізді біреу өз атына аударып алса');
  await visitor.press('Қауіпті түсіндім, рұқсат беремін');
  expect(await visitor.path()).toBe('/security?done=factors');
}

/** The secret that a page shows in groups of four characters. */
async function shownSecret(visitor: Visitor): Promise<string> {
  const groups = /(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec(await visitor.text())?.[0];
  if (groups === undefined) throw new Error('the page shows no secret');
  return groups.replaceAll(' ', '');
}

/** The backup codes that a page shows. */
async function shownCodes(visitor: Visitor): Promise<readonly string[]> {
  return (await visitor.text()).match(/\b[0-9A-Z]{5}-[0-9A-Z]{5}\b/g) ?? [];
}

/** What a second step is for a holder, from setting it up to a browser that is not asked. */
export const secondStepJourneys: readonly Journey[] = [
  {
    name: 'a code by SMS after the password: turned on, asked for, sent again, left out in a trusted browser',
    async run(world) {
      const person = await world.person();
      const owner = await world.visitor();
      await owner.open('/');
      await signIn(owner, person);
      await owner.open('/services/requisites');
      await turnSmsOn(owner);

      const phone = await world.visitor();
      await phone.open('/');
      await signIn(phone, person);
      expect(await phone.path()).toBe('/sign-in/step');
      expect(await phone.heading()).toBe('Кіруді растау');
      await phone.fill('Растау коды', '12');
      await phone.press('Растау');
      expect(await phone.status()).toBe(422);
      expect(await phone.errorOf('Растау коды')).toBe('Код 6 саннан тұрады. Кодты толық енгізіңіз');
      await phone.press('Кодты қайта жіберу');
      await phone.sees('Код жіберілді');
      const code = await codeTo(world, person.requisites.mobilePhone);
      await phone.tick('Осы браузерде 30 күн бойы код сұрамау');
      await phone.fill('Растау коды', code);
      await phone.press('Растау');
      expect(await phone.path()).toBe('/services');
      await phone.press('Шығу');
      await phone.open('/');
      await signIn(phone, person);
      expect(await phone.path()).toBe('/services');

      await phone.open('/security');
      await phone.sees('Код сұралмайтын браузерлер');
      await phone.press('Осы браузерде код сұрау');
      await phone.sees('Енді бұл браузерде код сұралады');
      await phone.press('Шығу');
      await phone.open('/');
      await signIn(phone, person);
      expect(await phone.path()).toBe('/sign-in/step');
    },
  },
  {
    name: 'the step is over after ten minutes, and the person signs in again',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, person);
      await visitor.open('/services/requisites');
      await turnSmsOn(visitor);
      await visitor.press('Шығу');
      await visitor.open('/');
      await signIn(visitor, person);
      await world.ageSteps(10);
      await visitor.fill('Растау коды', '123456');
      await visitor.press('Растау');
      expect(await visitor.path()).toBe('/sign-in?ended=step');
      await visitor.sees('Растау уақыты өтті');
    },
  },
  {
    name: 'an app with backup codes: added, asked for, replaced on paper, removed; the suggestion is closed',
    async run(world) {
      const person = await world.person();
      const owner = await world.visitor();
      await owner.open('/');
      await signIn(owner, person);
      await owner.sees('Құпиясөзіңіз 15 таңбадан қысқа');
      await owner.open('/services/requisites');
      await owner.open('/security');
      await owner.follow('Код қолданбасын баптау');
      await owner.fill('Қазіргі құпиясөз', password);
      await owner.press('Растау');
      expect(await owner.path()).toBe('/security/authenticator');
      await owner.press('Бастау');
      const secret = await shownSecret(owner);
      await owner.fill('Қолданбадағы код', '12');
      await owner.press('Растау');
      expect(await owner.errorOf('Қолданбадағы код')).toBe('Код 6 саннан тұрады. Кодты толық енгізіңіз');
      expect(await shownSecret(owner)).toBe(secret);
      await owner.fill('Қолданбадағы код', appCode(secret));
      await owner.press('Растау');
      expect(await owner.path()).toBe('/security/backup-codes?done=authenticator');
      await owner.sees('Қолданба қосылды');
      await owner.press('Он код жасау');
      const codes = await shownCodes(owner);
      expect(codes).toHaveLength(10);
      await owner.follow('Сақтап алдым');
      await owner.sees('Қалғаны: 10');

      const phone = await world.visitor();
      await phone.open('/');
      await signIn(phone, person);
      await phone.sees('Енді қолданбадағы кодты енгізіңіз');
      await phone.fill('Растау коды', appCode(secret, 1));
      await phone.press('Растау');
      expect(await phone.path()).toBe('/services');
      await phone.doesNotSee('15 таңбадан қысқа');

      const withoutPhone = await world.visitor();
      await withoutPhone.open('/');
      await signIn(withoutPhone, person);
      await withoutPhone.fill('Растау коды', codes[0] ?? '');
      await withoutPhone.press('Растау');
      expect(await withoutPhone.path()).toBe('/services');
      expect((await world.inbox(person.requisites.email)).join()).toContain('қосалқы код қолданылды');

      await withoutPhone.open('/security/authenticator');
      await withoutPhone.fill('Растау коды', codes[1] ?? '');
      await withoutPhone.press('Растау');
      await withoutPhone.press('Қолданбаны өшіру');
      expect(await withoutPhone.status()).toBe(422);
      await withoutPhone.sees('Алдымен ұзағырақ құпиясөз қойыңыз');
      await withoutPhone.follow('Құпиясөзді өзгерту');
      await withoutPhone.sees('Кемінде 8, ең көбі 128 таңба.');
      await withoutPhone.fill('Қазіргі құпиясөз', password);
      await withoutPhone.fill('Жаңа құпиясөз', 'тау бөктеріндегі көк үй');
      await withoutPhone.fill('Құпиясөзді растаңыз', 'тау бөктеріндегі көк үй');
      await withoutPhone.press('Сақтау');
      await withoutPhone.open('/security/authenticator');
      await withoutPhone.press('Қолданбаны өшіру');
      expect(await withoutPhone.path()).toBe('/security?done=factors');
      await withoutPhone.doesNotSee('Қалғаны');

      await withoutPhone.open('/services');
      await withoutPhone.sees('Кабинетті құпиясөзді білетін бөтен адамнан қорғаңыз');
      await withoutPhone.press('Қазір емес');
      expect(await withoutPhone.path()).toBe('/services');
      await withoutPhone.doesNotSee('бөтен адамнан қорғаңыз');
    },
  },
];
