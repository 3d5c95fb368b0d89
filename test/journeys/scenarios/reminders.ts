import { expect } from 'vitest';
import { type Journey, signIn } from '../journey.ts';

/** What a holder is reminded of. */
export const reminderJourneys: readonly Journey[] = [
  {
    name: 'the reminder of a key is switched off, and on again',
    async run(world) {
      const person = await world.person();
      const owner = await world.visitor();
      await owner.open('/');
      await signIn(owner, person);
      await owner.open('/security');
      await owner.press('Өшіру (ЭЦҚ кілтінің мерзімі)');
      expect(await owner.path()).toBe('/security?done=reminded');
      await owner.sees('Өшірулі');
      await owner.press('Қосу (ЭЦҚ кілтінің мерзімі)');
      await owner.doesNotSee('Өшірулі');
      await owner.open('/history');
      await owner.sees('Еске салу қосылды');
    },
  },
  {
    name: 'the question whether everything is right comes once, and is answered with one button',
    async run(world) {
      const person = await world.person();
      const owner = await world.visitor();
      await owner.open('/');
      await signIn(owner, person);
      await owner.doesNotSee('Деректеріңіз әлі дұрыс па?');
      await owner.open('/services');
      await owner.doesNotSee('Деректеріңіз әлі дұрыс па?');
      await owner.press('Шығу');
      await owner.open('/');
      await signIn(owner, person);
      await owner.sees('Деректеріңіз әлі дұрыс па?');
      await owner.doesNotSee(person.requisites.email ?? '');
      await owner.press('Иә, бәрі дұрыс');
      expect(await owner.path()).toBe('/services?confirmed=1');
      await owner.sees('Деректеріңіз расталды');
      await owner.sees('Расталған күні');
      await owner.press('Шығу');
      await owner.open('/');
      await signIn(owner, person);
      await owner.doesNotSee('Деректеріңіз әлі дұрыс па?');
      await owner.sees('Расталған күні');
    },
  },
];
