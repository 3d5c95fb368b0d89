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
      await owner.press('Өшіру: ЭЦҚ кілтінің мерзімі');
      expect(await owner.path()).toBe('/security?done=reminded');
      await owner.sees('Өшірулі');
      await owner.press('Қосу: ЭЦҚ кілтінің мерзімі');
      await owner.doesNotSee('Өшірулі');
      await owner.open('/history');
      await owner.sees('Еске салу қосылды');
    },
  },
];
