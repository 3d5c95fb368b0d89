import { expect } from 'vitest';
import { type Journey, openRequisites } from '../journey.ts';

const field = 'Хабарлама соңындағы алты әріп';

/** Comparing a message with what the service wrote. */
export const lettersJourneys: readonly Journey[] = [
  {
    name: 'a message is compared by its letters: its owner finds each word, a stranger no more than two digits',
    async run(world) {
      const person = await world.person();
      const { mobilePhone, email } = person.requisites;
      const visitor = await world.visitor();
      await openRequisites(visitor, person);
      await visitor.fill('Ұялы телефон', '+7 (702) 111-22-33');
      await visitor.press('Сақтау');
      const [sms = ''] = await world.inbox(mobilePhone);
      const [letter = ''] = await world.inbox(email);

      const guest = await world.visitor();
      await guest.open('/help');
      await guest.follow('Хабарламаны салыстыру');
      expect(await guest.path()).toBe('/help/notice');
      await guest.fill(field, sms.slice(-6).toLowerCase());
      await guest.press('Көрсету');
      await guest.sees('Салыстырыңыз');
      const [words = ''] = sms.split('\n');
      await guest.sees(words);
      await guest.sees(`Нөмірдің соңғы екі цифры: ${mobilePhone?.slice(-2)}`);
      await guest.sees('Қор кодты да, құпиясөзді де телефонмен ешқашан сұрамайды.');
      for (const secret of [person.iin, person.name, mobilePhone, mobilePhone?.slice(2), email])
        await guest.doesNotSee(secret ?? '');

      await guest.fill(field, letter.slice(-6));
      await guest.press('Көрсету');
      await guest.sees(`Электрондық мекенжай: ${email?.slice(0, 1)}•••@`);
      // Every paragraph but those with a link or a time is there as it was sent.
      for (const paragraph of letter.split('\n\n').filter((one) => !/http|20\d\d/.test(one)))
        await guest.sees(paragraph);
      await guest.doesNotSee(email ?? '');

      await guest.fill(field, 'KDMTRF');
      await guest.press('Көрсету');
      await guest.sees('Мұндай хабарлама табылмады');
      await guest.fill(field, 'KDM');
      await guest.press('Көрсету');
      expect(await guest.status()).toBe(422);
      expect(await guest.errorOf(field)).toContain('алты латын әрпін');
      expect(await guest.fieldValue(field)).toBe('KDM');
      await guest.leave();
    },
  },
];
