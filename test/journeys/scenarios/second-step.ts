import { expect } from 'vitest';
import { password } from '../../support/people.ts';
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
];
