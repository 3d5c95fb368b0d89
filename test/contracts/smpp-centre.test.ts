import { createHash, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RenderedMessage } from '../../src/features/notices/sender.ts';
import { createMessageSender, type GatewayLimits } from '../../src/gateways/message-sender.ts';
import { createSmsReceipts } from '../../src/gateways/smpp/receipt-store.ts';
import { createSmppGateway } from '../../src/gateways/smpp/smpp.ts';
import { Undeliverable } from '../../src/platform/outbox/undeliverable.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { freshDatabase } from '../support/database.ts';
import { smppAccount, startSmppServer } from '../support/smpp-stand-in.ts';

// Behaviour of SMS centres that the specification allows, and some that it does not.

const limits: GatewayLimits = {
  atOnce: 4,
  reserved: 1,
  perSecond: 1_000,
  deadline: 4_000,
  failures: 3,
  probeDown: 10,
  probeUp: 10,
  longestRest: 60_000,
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(different: Partial<GatewayLimits> = {}, password: string = smppAccount.password) {
  const server = await startSmppServer();
  const url = new URL(`smpp://${smppAccount.user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}`);
  const receipts: string[] = [];
  const failed: string[] = [];
  const account: (string | undefined)[] = [];
  const changes: string[] = [];
  const sender = createMessageSender(
    (lost) =>
      createSmppGateway(
        { url, sender: 'ENPF', timeout: 2_000 },
        {
          lost,
          onError: () => undefined,
          receipts: {
            handedOver: async (id, gatewayIds) => void receipts.push(`${id}: ${gatewayIds.join()}`),
            reported: async (gatewayId, state) => void receipts.push(`${gatewayId} ${state}`),
          },
        },
      ),
    { ...limits, ...different },
    {
      changed: (available, code) => changes.push(available ? 'up' : `down ${code}`),
      failed: (code) => failed.push(code),
      account: (code) => account.push(code),
    },
  );
  closers.push(server.close, () => sender.close());
  return { server, sender, receipts, failed, account, changes };
}

function message(n: number): RenderedMessage {
  return {
    id: `message-${n}`,
    channel: 'mobile',
    to: `+770155500${String(n).padStart(2, '0')}`,
    language: 'kk',
    urgent: true,
    text: `Код ${n}`,
  };
}

const outcome = (sending: Promise<void>) =>
  sending.then(
    () => 'sent',
    (error: Error & { code: string }) =>
      `${error instanceof Undeliverable ? 'never' : 'again'} ${error.code}`,
  );

describe('a broken session', () => {
  test.each([0x02, 0x03, 0x04, 0x05])(
    'after submit_sm gets %s, the session ends and the message is sent in a new one',
    async (status) => {
      const { server, sender } = await open();
      await sender.send(message(1));
      server.answerParts(status, 1);
      expect(await outcome(sender.send(message(2)))).toBe('sent');
      expect(server.binds()).toBe(2);
      await vi.waitFor(() => expect(server.bound()).toBe(1), { interval: 5 });
      expect(sender.available).toBe(true);
    },
  );

  test('a session that the centre forgot while still answering enquire_link is bound again at the next message', async () => {
    const { server, sender } = await open();
    await sender.send(message(1));
    server.forgetBinds();
    const { length } = [...server.arrived];
    await vi.waitFor(() => expect(server.questions()).toBeGreaterThan(3), { interval: 5 });
    await Promise.all([2, 3, 4].map((n) => sender.send(message(n))));
    expect(server.arrived).toHaveLength(length + 3);
    expect(sender.available).toBe(true);
  });

  test('a session that the centre unbound while the connection stays open is bound again', async () => {
    const { server, sender } = await open({ probeUp: 60_000 });
    await sender.send(message(1));
    await server.unbind();
    await vi.waitFor(() => expect(server.bound()).toBe(1), { interval: 5 });
    await sender.send(message(2));
    expect(server.arrived).toHaveLength(2);
  });

  test('a message refused in every session fails, and counts against the gateway', async () => {
    const { server, sender, failed } = await open({ probeUp: 60_000, probeDown: 60_000, failures: 1 });
    await sender.send(message(1));
    server.answerParts(0x04, 1_000);
    expect(await outcome(sender.send(message(2)))).toBe('again SMPP_SUBMIT_0x04');
    expect(failed).toEqual(['SMPP_SUBMIT_0x04']);
  });
});

describe('a refused message', () => {
  const ofMessage = [0x01, 0x06, 0x0a, 0x45, 0x61, 0x64, 0xc2];
  test.each(ofMessage)(
    '%s concerns the message: it is tried again later, and the channel stays open',
    async (status) => {
      const { server, sender, failed } = await open();
      await sender.send(message(1));
      server.answerParts(status, 5);
      for (let n = 2; n < 7; n += 1)
        expect(await outcome(sender.send(message(n)))).toMatch(/^again SMPP_SUBMIT_0x/);
      expect(failed).toHaveLength(5);
      expect(sender.available).toBe(true);
      expect(await outcome(sender.send(message(8)))).toBe('sent');
      expect(server.binds()).toBe(1);
    },
  );

  test.each([0x0b, 0x50, 0x51])('%s concerns the destination: it is never tried again', async (status) => {
    const { server, sender } = await open();
    await sender.send(message(1));
    server.answerParts(status, 4);
    for (let n = 2; n < 6; n += 1)
      await expect(sender.send(message(n))).rejects.toMatchObject({ noRecipient: true });
    expect(sender.available).toBe(true);
  });

  test.each([0x14, 0x58])('%s asks for patience: the part is sent again', async (status) => {
    const { server, sender } = await open({ deadline: 8_000 });
    await sender.send(message(1));
    server.answerParts(status, 1);
    expect(await outcome(sender.send(message(2)))).toBe('sent');
  });

  test.each([0x08, 0xff, 0x400, 0x1234])(
    '%s is unknown: one number cannot close the channel, several can',
    async (status) => {
      const { server, sender, changes } = await open({ probeDown: 60_000, probeUp: 60_000 });
      await sender.send(message(1));
      server.answerNumber(message(2).to, status);
      for (let n = 0; n < 5; n += 1)
        expect(await outcome(sender.send(message(2)))).toMatch(/^again SMPP_SUBMIT_0x/);
      expect(sender.available).toBe(true);
      expect(await outcome(sender.send(message(3)))).toBe('sent');
      server.answerParts(status, 1_000);
      for (let n = 4; n < 7; n += 1) await outcome(sender.send(message(n)));
      expect(changes[0]).toMatch(/^down SMPP_SUBMIT_0x/);
    },
  );
});

describe('a refused bind', () => {
  test.each([0x0d, 0x0e, 0x0f, 0x53])(
    '%s concerns our account: it is reported once, until the account is accepted again',
    async (status) => {
      const { server, sender, account } = await open({ probeUp: 5 });
      await sender.send(message(1));
      server.answerBinds(status, 2);
      await server.unbind();
      await vi.waitFor(() => expect(account).toHaveLength(2), { interval: 5 });
      expect(account).toEqual([`SMPP_BIND_0x${status.toString(16).padStart(2, '0')}`, undefined]);
      expect(await outcome(sender.send(message(2)))).toBe('sent');
    },
  );

  test('a wrong password is tried a few times an hour, whatever waits to be sent', async () => {
    const { server, sender, account, changes } = await open(
      { probeDown: 20, longestRest: 3_600_000 },
      'wrong',
    );
    await vi.waitFor(() => expect(account).toEqual(['SMPP_BIND_0x0d']), { interval: 5 });
    await vi.waitFor(() => expect(server.binds()).toBeGreaterThanOrEqual(4), { interval: 5, timeout: 5_000 });
    const before = server.binds();
    for (let n = 0; n < 20; n += 1) expect(await outcome(sender.send(message(n)))).toBe('again GATEWAY_DOWN');
    expect(server.binds()).toBeLessThanOrEqual(before + 1);
    expect(changes).toEqual(['down SMPP_BIND_0x0d']);
    expect(account).toHaveLength(1);
  });

  test('a centre that still has our former session is tried again as after any failure', async () => {
    const { server, sender, account } = await open();
    await sender.send(message(1));
    server.answerBinds(0x05, 3);
    await server.unbind();
    await vi.waitFor(() => expect(server.bound()).toBe(1), { interval: 5 });
    expect(account).toEqual([]);
  });
});

describe('requests of the centre', () => {
  test('data_sm is answered, and a receipt in it is stored', async () => {
    const { server, sender, receipts } = await open();
    await sender.send(message(1));
    expect(await server.sendData({ esm_class: 4, receipted_message_id: 'gw-1', message_state: 2 })).toBe(
      'data_sm_resp',
    );
    expect(
      await server.sendData({ esm_class: 4, message_payload: 'id: 00FF stat: UNDELIV', data_coding: 0 }),
    ).toBe('data_sm_resp');
    expect(receipts.slice(1)).toEqual(['gw-1 DELIVRD', '00FF UNDELIV']);
  });

  test.each([
    ['an unknown command', 0x01ff],
    ['query_sm, which only we may send', 0x0003],
    ['submit_sm, which only we may send', 0x0004],
  ])('%s gets generic_nack, and the session continues', async (_what, id) => {
    const { server, sender } = await open();
    await sender.send(message(1));
    expect(await server.sendCommand(id)).toEqual({ command: 'generic_nack', status: 0x03 });
    await sender.send(message(2));
    expect(server.binds()).toBe(1);
  });
});

describe('the ids of receipts', () => {
  test.each([
    ['with a blank', 'id: 12 sub:001 dlvrd:001 stat: DELIVRD err:000', '12 DELIVRD'],
    ['in hexadecimal', 'id:1A2b3C stat:DELIVRD', '1A2b3C DELIVRD'],
    ['in capitals', 'ID:77 STAT:UNDELIV', '77 UNDELIV'],
  ])('%s are read', async (_how, text, read) => {
    const { server, sender, receipts } = await open();
    await sender.send(message(1));
    await server.sendReceipt({ esm_class: 4, short_message: text });
    expect(receipts.at(-1)).toBe(read);
  });

  test.each([
    ['decimal and hexadecimal', '439041101', '1A2B3C4D'],
    ['decimal and hexadecimal in small letters', '439041101', '1a2b3c4d'],
    ['hexadecimal and decimal', '1A2B3C4D', '439041101'],
    ['hexadecimal with zeros and decimal', '0000001A', '26'],
    ['decimal and hexadecimal with zeros', '26', '0000001a'],
    ['decimal with and without zeros', '0000000026', '26'],
    ['hexadecimal with its prefix', '26', '0x1A'],
  ])('the same number as %s is the same part, in either order', async (_how, answered, reported) => {
    const { database, drop } = await freshDatabase();
    closers.push(drop);
    const table = createSmsReceipts(database);
    await table.handedOver('m-1', [answered]);
    await table.reported(reported, 'DELIVRD');
    const states = () =>
      database.rows(sql`select message_id as id, state from cabinet.sms_part order by message_id`);
    expect(await states()).toEqual([{ id: 'm-1', state: 'DELIVRD' }]);
    await database.run(sql`delete from cabinet.sms_part`);
    await table.reported(reported, 'UNDELIV');
    await table.handedOver('m-2', [answered]);
    expect(await states()).toEqual([{ id: 'm-2', state: 'UNDELIV' }]);
  });

  test.each(['before', 'after'])(
    'a final failure that is reported %s the answer names the number',
    async (when) => {
      const { database, drop } = await freshDatabase();
      closers.push(drop);
      const failed: unknown[] = [];
      const table = createSmsReceipts(database, async (recipient) => void failed.push(recipient));
      const recipient = { holderId: randomUUID(), to: '+77015550001' };
      for (const state of ['EXPIRED', 'REJECTD', 'DELIVRD', 'UNDELIV']) {
        if (when === 'before') await table.reported(`1${state.length}`, state);
        await table.handedOver('m-1', [`1${state.length}`], recipient);
        if (when === 'after') await table.reported(`1${state.length}`, state);
        expect(failed).toHaveLength(state === 'UNDELIV' ? 1 : 0);
        await database.run(sql`delete from cabinet.sms_part`);
      }
      const hash = createHash('sha256').update(recipient.to).digest();
      expect(failed).toEqual([{ holderId: recipient.holderId, hash }]);
    },
  );

  test('a part with exactly this id comes before one with the same number', async () => {
    const { database, drop } = await freshDatabase();
    closers.push(drop);
    const table = createSmsReceipts(database);
    await table.handedOver('m-1', ['16', '10']);
    await table.reported('10', 'DELIVRD');
    expect(
      await database.rows(sql`select gateway_id as id, state from cabinet.sms_part order by part`),
    ).toEqual([
      { id: '16', state: null },
      { id: '10', state: 'DELIVRD' },
    ]);
  });
});
