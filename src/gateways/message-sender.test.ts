import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { MessageSender, RenderedMessage } from '../features/notices/sender.ts';
import { Undeliverable } from '../platform/outbox/undeliverable.ts';
import { type Gateway, GatewayFailure, type Pace } from './gateway.ts';
import { createMessageSender, type GatewayLimits } from './message-sender.ts';

const limits: GatewayLimits = {
  atOnce: 4,
  reserved: 1,
  perSecond: 1_000,
  deadline: 1_000,
  failures: 3,
  probeDown: 5,
  longestRest: 40,
};

let open: MessageSender | undefined;
afterEach(() => open?.close());

/** A gateway that does what the test tells it. */
function fake(send: Gateway['send'], different: Partial<GatewayLimits> = {}) {
  const changes: boolean[] = [];
  const told = { answers: true, probes: 0 };
  const sender = createMessageSender(
    () => ({
      channel: 'mobile',
      send,
      async probe() {
        told.probes += 1;
        if (!told.answers) throw new Error('no answer');
      },
      close: async () => undefined,
    }),
    { ...limits, ...different },
    { changed: (available) => changes.push(available) },
  );
  open = sender;
  return { sender, changes, told };
}

function message(id: string, urgent: boolean): RenderedMessage {
  return { id, urgent, channel: 'mobile', to: '+77015550001', language: 'kk', text: 'Код' };
}

const settled = (work: Promise<unknown>) =>
  work.then(
    () => 'sent',
    (error: { code?: string }) => error.code,
  );

describe('a guarded gateway', () => {
  test('keeps a place free for codes while notices take all others', async () => {
    const inHand: string[] = [];
    let finish: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { sender } = fake(async ({ id, urgent }) => {
      inHand.push(id);
      if (!urgent) await stalled;
    });
    const notices = Array.from({ length: 10 }, (_, n) => sender.send(message(`notice-${n}`, false)));
    await sender.send(message('code-1', true));
    await sender.send(message('code-2', true));
    expect(inHand).toEqual(['notice-0', 'notice-1', 'notice-2', 'code-1', 'code-2']);
    finish();
    await Promise.all(notices);
    expect(inHand).toHaveLength(12);
  });

  test('gives up at the deadline, and sends nothing of that message afterwards', async () => {
    let pace: Pace | undefined;
    let finish: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { sender } = fake(
      async (_message, given) => {
        pace = given;
        await given.next();
        await stalled;
      },
      { deadline: 20 },
    );
    expect(await settled(sender.send(message('m', true)))).toBe('GATEWAY_TIMEOUT');
    await expect(pace?.next()).rejects.toMatchObject({ code: 'GATEWAY_TIMEOUT' });
    finish();
  });

  test('counts as down after failures in a row, reports that once, and is probed until it answers', async () => {
    const { sender, changes, told } = fake(() => Promise.reject(new GatewayFailure('ECONNRESET')));
    await breathe();
    told.answers = false;
    for (let n = 0; n < 3; n += 1) expect(await settled(sender.send(message('m', true)))).toBe('ECONNRESET');
    expect(sender.available).toBe(false);
    expect(await settled(sender.send(message('m', true)))).toBe('GATEWAY_DOWN');
    const { probes } = told;
    await vi.waitFor(() => expect(told.probes).toBeGreaterThan(probes + 2), { interval: 2 });
    told.answers = true;
    await vi.waitFor(() => expect(sender.available).toBe(true), { interval: 2 });
    expect(changes).toEqual([false, true]);
  });

  test('a success resets the count of failures, and a final refusal does not count', async () => {
    const outcomes = [
      'ECONNRESET',
      'ECONNRESET',
      'sent',
      'ECONNRESET',
      'ECONNRESET',
      'SMPP_0x0b',
      'ECONNRESET',
    ];
    const next = outcomes.values();
    const { sender } = fake(async () => {
      const outcome = next.next().value;
      if (outcome === 'SMPP_0x0b') throw new Undeliverable(outcome);
      if (outcome !== 'sent') throw new GatewayFailure(outcome ?? 'none');
    });
    for (const outcome of outcomes) expect(await settled(sender.send(message('m', true)))).toBe(outcome);
    expect(sender.available).toBe(true);
  });

  test('a time-out in our own queue is not the gateway’s fault', async () => {
    const { sender } = fake(async (_message, turns) => turns.next(), { perSecond: 1, deadline: 50 });
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) => settled(sender.send(message(`m${n}`, true)))),
    );
    expect(outcomes.filter((outcome) => outcome === 'GATEWAY_TIMEOUT').length).toBeGreaterThanOrEqual(6);
    expect(sender.available).toBe(true);
  });

  test('a refusal of the message or its recipient is not the gateway’s fault', async () => {
    const { sender, changes } = fake(() => Promise.reject(new GatewayFailure('SMTP_450', 'message')));
    for (let n = 0; n < 6; n += 1) expect(await settled(sender.send(message('m', true)))).toBe('SMTP_450');
    expect(changes).toEqual([]);
  });

  test('an unclear refusal counts once for each recipient, and a success resets the count', async () => {
    const refused = new Set(['+77015550002', '+77015550003', '+77015550004']);
    const { sender, changes, told } = fake(async ({ to }) => {
      if (refused.has(to)) throw new GatewayFailure('SMPP_SUBMIT_0xff', 'unclear');
    });
    const send = (to: number) => settled(sender.send({ ...message('m', true), to: `+7701555000${to}` }));
    await breathe();
    for (let n = 0; n < 5; n += 1) await send(2);
    await send(3);
    await send(1);
    await send(3);
    await send(4);
    expect(changes).toEqual([]);
    told.answers = false;
    await send(2);
    expect(changes).toEqual([false]);
  });

  test('a gateway that refuses the account is asked at growing intervals, whatever is waiting', async () => {
    const asked: number[] = [];
    const accounts: (string | undefined)[] = [];
    open = createMessageSender(
      () => ({
        channel: 'mobile',
        send: () => Promise.reject(new GatewayFailure('SMPP_BIND_0x0e', 'account')),
        async probe() {
          asked.push(performance.now());
          if (asked.length < 7) throw new GatewayFailure('SMPP_BIND_0x0e', 'account');
        },
        close: async () => undefined,
      }),
      { ...limits, probeDown: 4, longestRest: 50 },
      { account: (code) => accounts.push(code) },
    );
    const sender = open;
    await vi.waitFor(
      async () => {
        if (!sender.available) expect(await settled(sender.send(message('m', true)))).toBe('GATEWAY_DOWN');
        expect(asked).toHaveLength(7);
      },
      { interval: 1, timeout: 5_000 },
    );
    const rests = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    // Timers may fire a millisecond early.
    for (const [index, least] of [4, 8, 16, 32, 50, 50].entries())
      expect(rests[index]).toBeGreaterThanOrEqual(least - 2);
    await vi.waitFor(() => expect(accounts).toEqual(['SMPP_BIND_0x0e', undefined]), { interval: 1 });
  });
});
