import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { settings } from '../../../test/support/settings.ts';
import { createKeys } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { codeOf } from '../codes/code.ts';
import type { IssuedCode } from '../codes/store.ts';
import { readDisavowal } from '../disavowal/link.ts';
import type { Channel } from './channel.ts';
import { deliverMessage } from './deliver-message.ts';
import { renderMessage } from './messages.tsx';
import type { MessagePayload } from './payload.ts';
import { createAbsentSender, type MessageSender, type RenderedMessage } from './sender.ts';

const keys = createKeys(['k'.repeat(32)]);
const issued: IssuedCode = {
  codeId: randomUUID(),
  holderId: randomUUID(),
  purpose: 'recover',
  channel: 'mobile',
  destination: '+77015550001',
  changeId: null,
};
const code: MessagePayload = {
  kind: 'code',
  purpose: 'recover',
  codeId: issued.codeId,
  channel: 'mobile',
  to: issued.destination,
  language: 'kk',
};

function queued(payload: MessagePayload, different: Partial<OutboxMessage> = {}): OutboxMessage {
  const common = {
    outboxId: 41,
    holderId: issued.holderId,
    changeId: null,
    attempt: 1,
    round: 1,
    queuedAt: new Date('2026-11-22T19:31:00.000Z'),
    ageSeconds: 0,
    requestId: null,
    traceparent: null,
  };
  return { ...common, payload, ...different };
}

async function deliver(
  one: OutboxMessage,
  live: IssuedCode | undefined = issued,
): Promise<RenderedMessage[]> {
  const sent: RenderedMessage[] = [];
  const sender = (channel: Channel): MessageSender => ({
    channel,
    available: true,
    send: async (message) => void sent.push(message),
    close: async () => undefined,
  });
  await deliverMessage(
    {
      keys,
      codeSettings: settings.codeSettings,
      database: {
        first: async ({ values }: { values: readonly unknown[] }) =>
          live && values.includes(live.codeId) ? live : undefined,
      } as unknown as Queryable,
      senders: { mobile: sender('mobile'), email: sender('email') },
      origin: 'https://cabinet.example.kz',
      render: renderMessage,
    },
    one,
  );
  return sent;
}

describe('a code in the outbox', () => {
  test('is calculated when it is sent, and is the one that will be compared', async () => {
    const [message] = await deliver(queued(code));
    expect(message?.text).toMatch(new RegExp(`\\n@cabinet\\.example\\.kz #${codeOf(keys, issued)}$`));
    expect(message).toMatchObject({ to: '+77015550001', channel: 'mobile', urgent: true });
  });

  test('that was used or replaced is not sent, without an error', async () => {
    expect(await deliver(queued(code, { ageSeconds: 599 }), { ...issued, codeId: randomUUID() })).toEqual([]);
  });

  test('that expired in the queue is a dead letter', async () => {
    const late = deliver(queued(code, { ageSeconds: 600, attempt: 9, round: 9 }), {
      ...issued,
      codeId: randomUUID(),
    });
    await expect(late).rejects.toEqual(new Undeliverable('CODE_EXPIRED'));
  });

  test('keeps its message id over attempts, and no other message has it', async () => {
    const [first] = await deliver(queued(code));
    const [second] = await deliver(queued(code, { attempt: 2, round: 2 }));
    const [other] = await deliver(queued(code, { outboxId: 42 }));
    expect(second).toEqual(first);
    expect(other?.id).not.toBe(first?.id);
    expect(first?.id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a notice in the outbox', () => {
  const notice = {
    kind: 'contact-changed',
    about: 'mobile',
    channel: 'email',
    to: 'a@example.kz',
    language: 'ru',
  } as const;
  const at = '2026-11-22T19:31:00.000Z';

  test('gets the link of its disavowal', async () => {
    const disavowalId = randomUUID();
    const [message] = await deliver(queued({ ...notice, at, disavowalId }));
    const token = /https:\/\/cabinet\.example\.kz\/not-me\/([\w-]+)/.exec(message?.text ?? '')?.[1] ?? '';
    expect(readDisavowal(keys, token)).toBe(disavowalId);
    expect(message).toMatchObject({ channel: 'email', urgent: false });
  });

  test('without one has no link', async () => {
    const [message] = await deliver(queued({ ...notice, at }));
    expect(message?.text).not.toContain('https://');
  });
});

describe('a message that nobody can get', () => {
  const notice = {
    kind: 'registered',
    channel: 'email',
    to: 'a@example.kz',
    language: 'ru',
    at: '2026-11-22T19:31:00.000Z',
  } as const;

  test.each([
    [new Undeliverable('SMTP_550', { noRecipient: true }), 1],
    [new Undeliverable('SMTP_554'), 0],
    [new Undeliverable('NO_GATEWAY'), 0],
    [new Error('SMTP_451'), 0],
  ])('marks its contact only where there is no such recipient: %s', async (error, marks) => {
    const run: unknown[][] = [];
    const sender = (channel: Channel): MessageSender => ({
      channel,
      available: true,
      send: () => Promise.reject(error),
      close: async () => undefined,
    });
    const deps = {
      keys,
      codeSettings: settings.codeSettings,
      database: {
        first: async () => undefined,
        run: async ({ text, values }: { text: string; values: unknown[] }) =>
          text.includes('contact_state') ? run.push(values) : 0,
      } as unknown as Queryable,
      senders: { mobile: sender('mobile'), email: sender('email') },
      origin: 'https://cabinet.example.kz',
      render: renderMessage,
    };
    await expect(deliverMessage(deps, queued(notice))).rejects.toBe(error);
    expect(run).toHaveLength(marks);
  });
});

test('a channel without a gateway is unavailable, and its messages do not wait', async () => {
  const sender = createAbsentSender('email');
  expect(sender.available).toBe(false);
  await expect(sender.send({} as RenderedMessage)).rejects.toEqual(new Undeliverable('NO_GATEWAY'));
});
