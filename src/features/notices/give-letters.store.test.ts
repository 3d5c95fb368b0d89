import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { settings } from '../../../test/support/settings.ts';
import { createKeys, type Keys } from '../../platform/keys.ts';
import { dispatchDue } from '../../platform/outbox/dispatcher.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { languages } from '../../values/language.ts';
import { channels } from './channel.ts';
import type { MessageFacts } from './deliver-message.ts';
import { giveLetters, lettersPlace } from './give-letters.ts';
import { renderMessage } from './messages.tsx';
import { codePurposes, type MessagePayload, noticeKinds } from './payload.ts';
import { messageQueues } from './queues.ts';
import type { MessageSender, RenderedMessage } from './sender.ts';
import { enqueueMessages } from './store.ts';

const former = createKeys(['k'.repeat(32)]);
const rotated = createKeys(['n'.repeat(32), 'k'.repeat(32)]);
const without = createKeys(['n'.repeat(32)]);
const to = { mobile: '+77015550047', email: 'belgi.0001@example.kz' } as const;
const queuedAt = new Date('2026-11-22T19:31:00.000Z');
const origin = 'https://cabinet.enpf.kz';
const token = 'S'.repeat(44);
const facts = { id: 'm1', origin };

let fresh: FreshDatabase;
beforeEach(async () => {
  fresh = await freshDatabase();
});
afterEach(() => fresh.drop());

function give(
  message: MessagePayload,
  keys: Keys = former,
  more: Partial<MessageFacts> = {},
  at: Date = queuedAt,
): Promise<string> {
  return giveLetters(
    { keys, database: fresh.database, render: renderMessage },
    message,
    { ...facts, ...more },
    at,
  );
}

const notice = {
  kind: 'locked',
  channel: 'mobile',
  to: to.mobile,
  language: 'kk',
  at: queuedAt.toISOString(),
} as const;

const kept = () =>
  fresh.database.rows<{ day: string; recipient: string; body: string; subject: string | null }>(sql`
    select day::text, recipient, body, subject from cabinet.message_letters
    join cabinet.message_wording using (wording_id) order by day, recipient`);

describe('what is kept of a message', () => {
  const everyMessage = languages.flatMap((language) =>
    channels.flatMap((channel) => {
      const frame = { language, channel, to: to[channel] };
      return [
        ...codePurposes.map((purpose) => ({
          message: { ...frame, kind: 'code' as const, purpose, codeId: 'c1' },
          more: { code: { text: /register|recover/.test(purpose) ? 'AB12CD34' : '012345', minutes: 5 } },
        })),
        ...(['key-ends', 'document-ends'] as const).map((kind) => ({
          message: { ...frame, kind, endsOn: '2029-09-05' },
          more: {},
        })),
        ...noticeKinds.flatMap((kind) =>
          channels.map((about) => ({
            message: { ...frame, kind, about, at: queuedAt.toISOString(), device: 'Firefox, Windows' },
            more: { disavowalPath: `/not-me/${token}` },
          })),
        ),
      ];
    }),
  );

  test('of every kind, language and channel: exactly its words, with a sign in the place of each value', async () => {
    for (const { message, more } of everyMessage) {
      await fresh.database.run(sql`truncate cabinet.message_letters, cabinet.message_wording`);
      const letters = await give(message as MessagePayload, former, more);
      const sent = renderMessage(message as MessagePayload, { ...facts, ...more, letters });
      const masked = sent.text
        .replace(letters, lettersPlace)
        .replaceAll('AB12CD34', '********')
        .replaceAll('012345', '******')
        .replace(token, '…')
        .replace('05.09.2029', '…')
        .replace(/(?<=: ).*00:31|(?<=: ).*2026.*(?= \()/, '…')
        .replace('Firefox, Windows', '…');
      const [row] = await kept();
      expect(row).toEqual({
        day: '2026-11-23',
        recipient: message.channel === 'mobile' ? '47' : 'b•••@e•••.kz',
        subject: sent.subject ?? null,
        body: masked,
      });
      expect(masked).not.toMatch(/2029|Firefox|012345|AB12CD34|SSS|00:31|7015550|belgi/);
    }
  });

  test('says nothing of what a later kind of notice may carry', async () => {
    const later = {
      ...notice,
      channel: 'email',
      to: to.email,
      device: 'x',
      iin: '900101300007',
      card: '5.5.2027',
    };
    await give(later as MessagePayload);
    const everything = await fresh.database.rows(sql`
      select to_jsonb(l)::text || to_jsonb(w)::text as everything
      from cabinet.message_letters l join cabinet.message_wording w using (wording_id)`);
    expect(JSON.stringify(everything)).not.toMatch(/900101300007|5\.5\.2027|belgi/);
  });
});

describe('the same letters', () => {
  test('go to a message that is sent again, which is kept once', async () => {
    const letters = await give(notice);
    expect(await give(notice)).toBe(letters);
    expect(await kept()).toHaveLength(1);
  });

  test('are kept from the last time on, which need not be exact to the hour', async () => {
    await give(notice);
    const age = (hours: number) =>
      fresh.database.run(sql`
        update cabinet.message_letters set handed_over_at = now() - make_interval(hours => ${hours}::int)`);
    const hours = async () =>
      (
        await fresh.database.first<{ hours: number }>(sql`
          select round(extract(epoch from now() - handed_over_at) / 3600)::int as hours from cabinet.message_letters`)
      )?.hours;
    await age(23);
    await give(notice);
    expect(await hours()).toBe(23);
    await age(40 * 24);
    await give(notice);
    expect(await hours()).toBe(0);
  });

  test('go to it when the key was rotated in between, and new ones once its key is gone', async () => {
    const letters = await give(notice, former);
    expect(await give(notice, rotated)).toBe(letters);
    expect(await kept()).toHaveLength(1);
    expect(await give(notice, without)).not.toBe(letters);
    // The first may have been delivered, so both are kept.
    expect(await kept()).toHaveLength(2);
  });

  test('do not go to another recipient, day, language or text', async () => {
    const all = await Promise.all([
      give(notice),
      give({ ...notice, to: '+77025550047' }),
      give(notice, former, {}, new Date('2026-11-23T19:31:00.000Z')),
      give({ ...notice, language: 'ru' }),
      give({ ...notice, kind: 'frozen' }),
      give(notice, former, { disavowalPath: `/not-me/${token}` }),
    ]);
    expect(new Set(all).size).toBe(all.length);
    expect(await kept()).toHaveLength(all.length);
  });

  test('are written by two processes at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => give(notice)));
    expect(new Set(all).size).toBe(1);
    expect(await kept()).toHaveLength(1);
  });

  test('belong to the day in Astana', async () => {
    await give(notice, former, {}, new Date('2026-11-22T18:59:59.000Z'));
    await give(notice, former, {}, new Date('2026-11-22T19:00:00.000Z'));
    expect((await kept()).map(({ day }) => day)).toEqual(['2026-11-22', '2026-11-23']);
  });
});

test('a message that the gateway got twice had the same letters, which were kept before it got them', async () => {
  const holder = await fresh.database.first<{ holderId: string }>(
    sql`insert into cabinet.holder (iin) values ('900101300007') returning holder_id as "holderId"`,
  );
  await enqueueMessages(fresh.database, holder?.holderId ?? '', [notice]);
  const sent: RenderedMessage[] = [];
  const keptBefore: number[] = [];
  const gateway: MessageSender = {
    channel: 'mobile',
    available: true,
    async send(message) {
      sent.push(message);
      keptBefore.push((await kept()).length);
      // It was accepted, but the answer got lost.
      if (sent.length === 1) throw new Error('no answer');
    },
    close: async () => undefined,
  };
  const [, queue] = messageQueues({
    keys: rotated,
    database: fresh.database,
    codeSettings: settings.codeSettings,
    senders: { mobile: gateway, email: gateway },
    origin,
  });
  if (queue?.name !== 'notice') throw new Error('the queue of notices comes second');
  await dispatchDue(fresh.database, queue);
  await fresh.database.run(sql`update cabinet.outbox set next_attempt_at = now()`);
  await dispatchDue(fresh.database, queue);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
  expect(keptBefore).toEqual([1, 1]);
});
