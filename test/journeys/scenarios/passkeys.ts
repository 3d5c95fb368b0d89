import { expect } from 'vitest';
import { type Journey, signIn } from '../journey.ts';

/** What can be done with passkeys without a device that has one. */
export const passkeyJourneys: readonly Journey[] = [
  {
    name: 'a passkey is named and removed; the last one stays until the password is longer',
    async run(world) {
      const person = await world.person();
      const visitor = await world.visitor();
      await visitor.open('/');
      await signIn(visitor, person);
      await world.givePasskey(person, 'Chrome · Android');
      await world.givePasskey(person, 'Firefox · Windows');
      await visitor.open('/security');
      await visitor.sees('Қосылған кілттер: 2');
      await visitor.follow('Кіру кілттерін баптау');
      expect(await visitor.path()).toBe('/security/passkeys');
      await visitor.sees('Әлі қолданылмаған');
      await visitor.fill('Атауы: Chrome · Android', 'Әкемнің телефоны');
      await visitor.press('Атауын сақтау: Chrome · Android');
      await visitor.sees('Кіру кілтінің атауы сақталды');
      await visitor.press('Кілтті өшіру: Әкемнің телефоны');
      await visitor.sees('Кіру кілті өшірілді');
      await visitor.press('Кілтті өшіру: Firefox · Windows');
      expect(await visitor.status()).toBe(422);
      await visitor.sees('Алдымен ұзағырақ құпиясөз қойыңыз');
      await visitor.open('/history');
      await visitor.sees('Кіру кілті өшірілді');
    },
  },
];
