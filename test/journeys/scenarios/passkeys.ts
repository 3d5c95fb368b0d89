import { expect } from 'vitest';
import { type Journey, signIn } from '../journey.ts';

/** What can be done with passkeys without a device that has one. */
export const passkeyJourneys: readonly Journey[] = [
  {
    name: 'a passkey is named and removed, and the page says what happened',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, person);
      await world.givePasskey(person, 'Chrome · Android');
      await visitor.open('/security');
      await visitor.sees('Қосылған кілттер: 1');
      await visitor.follow('Кіру кілттерін баптау');
      expect(await visitor.path()).toBe('/security/passkeys');
      await visitor.sees('Әлі қолданылмаған');
      await visitor.fill('Атауы: Chrome · Android', 'Әкемнің телефоны');
      await visitor.press('Атауын сақтау');
      await visitor.sees('Кіру кілтінің атауы сақталды');
      await visitor.press('Кілтті өшіру: Әкемнің телефоны');
      await visitor.sees('Кіру кілті өшірілді');
      await visitor.sees('Кіру кілті әлі қосылмаған');
      await visitor.open('/history');
      await visitor.sees('Кіру кілті өшірілді');
    },
  },
];
