import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Channel } from '../../src/features/notices/channel.ts';
import { createInboxSender } from '../../src/features/notices/inbox.ts';
import { readInbox } from '../../src/features/notices/inbox-store.ts';
import type { MessageSender, RenderedMessage } from '../../src/features/notices/sender.ts';
import { createMessageSender, type GatewayLimits } from '../../src/gateways/message-sender.ts';
import { createSmsReceipts } from '../../src/gateways/smpp/receipt-store.ts';
import { createSmppGateway } from '../../src/gateways/smpp/smpp.ts';
import { createSmtpGateway } from '../../src/gateways/smtp/smtp.ts';
import { Undeliverable } from '../../src/platform/outbox/undeliverable.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { freshDatabase } from '../support/database.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { standInTls } from '../support/kazpost-tls.ts';
import { smppAccount, startSmppServer } from '../support/smpp-stand-in.ts';
import { smtpAccount, startSmtpServer } from '../support/smtp-stand-in.ts';

/** What reached the other side, as its reader sees it. */
interface Arrived {
  /** The same for every attempt to send one message. */
  readonly id: string;
  readonly to: string;
  readonly text: string;
}

interface Opened {
  readonly sender: MessageSender;
  arrived(): Promise<readonly Arrived[]>;
  close(): Promise<void>;
}

/** A sender with a server behind a link on which faults can be switched on. */
interface Remote extends Opened {
  readonly link: FaultyLink;
  /** Makes the server ask for patience this many times. */
  throttle(times: number): void;
  /** Makes the server refuse the next message for good. */
  refuse(): void;
}

const limits: GatewayLimits = {
  atOnce: 4,
  reserved: 1,
  perSecond: 1_000,
  deadline: 4_000,
  failures: 2,
  probeDown: 20,
  longestRest: 100,
};
const timeout = 600;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openInbox(channel: Channel): Promise<Opened> {
  const { database, drop } = await freshDatabase();
  return {
    sender: createInboxSender(database, channel),
    arrived: async () => [...(await readInbox(database, 1_000))].reverse(),
    close: drop,
  };
}

async function openSmtp(different: Partial<GatewayLimits> = {}): Promise<Remote> {
  const server = await startSmtpServer();
  const link = await openFaultyLink(server.port);
  const { user, password } = smtpAccount;
  const url = new URL(`smtp://${user}:${encodeURIComponent(password)}@127.0.0.1:${link.port}`);
  const sender = createMessageSender(
    () =>
      createSmtpGateway({
        url,
        from: 'ЕНПФ <no-reply@cabinet.example.kz>',
        connections: 4,
        plainAllowed: true,
        timeout,
      }),
    { ...limits, ...different },
  );
  return {
    sender,
    link,
    throttle: (times) => server.answerRecipients(451, times),
    refuse: () => server.answerRecipients(550, 1),
    arrived: async () =>
      server.arrived.map(({ id, to, text }) => ({ id, to: to.join(), text: text.trimEnd() })),
    async close() {
      await sender.close();
      await link.close();
      await server.close();
    },
  };
}

async function openSmpp(
  different: Partial<GatewayLimits> = {},
): Promise<Remote & { receipts: string[]; server: Awaited<ReturnType<typeof startSmppServer>> }> {
  const server = await startSmppServer();
  const link = await openFaultyLink(server.port);
  const { user, password } = smppAccount;
  const url = new URL(`smpp://${user}:${encodeURIComponent(password)}@127.0.0.1:${link.port}`);
  const receipts: string[] = [];
  const sender = createMessageSender(
    (lost) =>
      createSmppGateway(
        { url, sender: 'ENPF', timeout },
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
  );
  return {
    sender,
    link,
    server,
    receipts,
    throttle: (times) => server.answerParts(0x58, times),
    refuse: () => server.answerParts(0x0b, 1),
    arrived: async () =>
      server.arrived.map(({ reference, to, text }) => ({ id: String(reference), to, text })),
    async close() {
      await sender.close();
      await link.close();
      await server.close();
    },
  };
}

async function opened<Kind extends Opened>(opening: Promise<Kind>): Promise<Kind> {
  const one = await opening;
  closers.push(one.close);
  return one;
}

function message(channel: Channel, n: number, different: Partial<RenderedMessage> = {}): RenderedMessage {
  const text = `Код ${n}: Әл-Фараби даңғылы, 77/7\n@cabinet.example.kz #01234${n % 10}`;
  return {
    id: `message-${n}`,
    channel,
    to: channel === 'mobile' ? `+770155500${String(n).padStart(2, '0')}` : `belgi.${n}@example.kz`,
    language: 'kk',
    urgent: true,
    text,
    ...(channel === 'email' ? { subject: `Растау коды ${n}`, html: `<p>Код ${n}</p>` } : {}),
    ...different,
  };
}

describe.each<[string, Channel, () => Promise<Opened>]>([
  ['the inbox, SMS', 'mobile', () => openInbox('mobile')],
  ['the inbox, e-mail', 'email', () => openInbox('email')],
  ['SMTP', 'email', () => openSmtp()],
  ['SMPP', 'mobile', () => openSmpp()],
])('%s', (_name, channel, open) => {
  test('hands a message over unchanged, only to its recipient', async () => {
    const { sender, arrived } = await opened(open());
    const one = message(channel, 1);
    await sender.send(one);
    expect(sender).toMatchObject({ channel, available: true });
    expect(await arrived()).toEqual([{ ...(await arrived())[0], to: one.to, text: one.text }]);
  });

  test('accepts texts of any length and alphabet', async () => {
    const { sender, arrived } = await opened(open());
    const texts = ['Only Latin: [~] €', 'ә'.repeat(70), 'ә'.repeat(71), 'қ😀'.repeat(100), 'a'.repeat(500)];
    for (const [index, text] of texts.entries()) await sender.send(message(channel, index, { text }));
    expect((await arrived()).map(({ text }) => text)).toEqual(texts);
  });

  test('each of forty simultaneous messages arrives once', async () => {
    const { sender, arrived } = await opened(open());
    await Promise.all(Array.from({ length: 40 }, (_, n) => sender.send(message(channel, n))));
    const got = await arrived();
    expect(got).toHaveLength(40);
    expect(new Set(got.map(({ id }) => id)).size).toBe(40);
    expect(new Set(got.map(({ to }) => to)).size).toBe(40);
  });

  test('a message that is sent again keeps its id', async () => {
    const { sender, arrived } = await opened(open());
    await sender.send(message(channel, 7));
    await sender.send(message(channel, 7));
    expect(new Set((await arrived()).map(({ id }) => id)).size).toBe(1);
  });
});

describe.each<[string, Channel, (different?: Partial<GatewayLimits>) => Promise<Remote>]>([
  ['SMTP', 'email', openSmtp],
  ['SMPP', 'mobile', openSmpp],
])('%s in trouble', (_name, channel, open) => {
  const isAvailable = (remote: Remote, is: boolean) =>
    vi.waitFor(() => expect(remote.sender.available).toBe(is), { timeout: 5_000, interval: 5 });

  test.each(['refusing', 'stalling', 'dropping'] as const)(
    'a link that is %s fails in time, makes the channel unavailable, and recovers when it works again',
    async (state) => {
      const remote = await opened(open());
      await remote.sender.send(message(channel, 1));
      await remote.link.become(state);
      const begun = performance.now();
      const outcomes = await Promise.allSettled([
        remote.sender.send(message(channel, 2)),
        remote.sender.send(message(channel, 3)),
      ]);
      expect(outcomes.map((one) => one.status)).toEqual(['rejected', 'rejected']);
      expect(performance.now() - begun).toBeLessThan(3 * limits.deadline);
      await isAvailable(remote, false);
      await expect(remote.sender.send(message(channel, 4))).rejects.toMatchObject({ code: 'GATEWAY_DOWN' });
      await remote.link.become('good');
      await isAvailable(remote, true);
      await remote.sender.send(message(channel, 5));
      expect((await remote.arrived()).at(-1)?.text).toBe(message(channel, 5).text);
    },
  );

  test('a gateway that is down from the start is reported before anybody needs it', async () => {
    const remote = await opened(open());
    await remote.link.become('refusing');
    const late = createMessageSender((lost) => {
      const url = new URL(`smpp://a:b@127.0.0.1:${remote.link.port}`);
      const receipts = { handedOver: async () => undefined, reported: async () => undefined };
      return channel === 'email'
        ? createSmtpGateway({
            url: new URL(`smtp://127.0.0.1:${remote.link.port}`),
            from: 'a@b.kz',
            connections: 1,
            plainAllowed: true,
            timeout,
          })
        : createSmppGateway({ url, sender: 'ENPF', timeout }, { lost, receipts, onError: () => undefined });
    }, limits);
    closers.push(() => late.close());
    await vi.waitFor(() => expect(late.available).toBe(false), { interval: 5 });
  });

  test('a slow link still delivers', async () => {
    const remote = await opened(open({ deadline: 10_000 }));
    await remote.sender.send(message(channel, 1));
    await remote.link.become('slow');
    await remote.sender.send(message(channel, 2));
    expect((await remote.arrived()).map(({ text }) => text)).toEqual(
      [1, 2].map((n) => message(channel, n).text),
    );
    expect(remote.sender.available).toBe(true);
  });

  test('a recipient that is refused for good is not tried again, and the channel stays available', async () => {
    const remote = await opened(open());
    for (let n = 0; n < 4; n += 1) {
      remote.refuse();
      await expect(remote.sender.send(message(channel, n))).rejects.toBeInstanceOf(Undeliverable);
    }
    expect(remote.sender.available).toBe(true);
    await remote.sender.send(message(channel, 5));
    expect(await remote.arrived()).toHaveLength(1);
  });

  test('a message in progress does not delay the end of the service', async () => {
    const remote = await open();
    await remote.link.become('stalling');
    const sending = remote.sender.send(message(channel, 1)).catch((error: Error) => error);
    await remote.close();
    expect(await sending).toBeInstanceOf(Error);
  });

  test('an error contains no value', async () => {
    const remote = await opened(open());
    await remote.link.become('refusing');
    const error = await remote.sender.send(message(channel, 1)).catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error) + String((error as Error).message)).not.toMatch(/belgi|770155|#01234/);
    expect((error as { code: string }).code).toMatch(/^[A-Z0-9_]+$/);
  });
});

describe('SMTP', () => {
  test('contains what an e-mail needs', async () => {
    const server = await startSmtpServer();
    closers.push(server.close);
    const url = new URL(
      `smtp://${smtpAccount.user}:${encodeURIComponent(smtpAccount.password)}@127.0.0.1:${server.port}`,
    );
    const sender = createMessageSender(
      () =>
        createSmtpGateway({
          url,
          from: 'ЕНПФ <no-reply@cabinet.example.kz>',
          connections: 1,
          plainAllowed: true,
        }),
      limits,
    );
    closers.push(() => sender.close());
    await sender.send(message('email', 1));
    expect(server.arrived[0]).toMatchObject({
      id: 'message-1',
      from: 'no-reply@cabinet.example.kz',
      to: ['belgi.1@example.kz'],
      subject: 'Растау коды 1',
      html: '<p>Код 1</p>',
    });
    expect(server.arrived[0]?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(server.arrived[0]?.headers.get('message-id')).toBe('<message-1@cabinet.example.kz>');
    expect(server.arrived[0]?.headers.get('content-language')).toBe('kk');
  });

  test.each([
    'a@example.kz\r\nBcc: other@example.kz',
    'a@example.kz, other@example.kz',
    'a@example.kz> <other@example.kz',
  ])('an address cannot add another: %j', async (to) => {
    const { sender, arrived } = await opened(openSmtp());
    await sender.send(message('email', 1, { to })).catch(() => undefined);
    for (const one of await arrived()) expect(one.to.split(',').length).toBe(1);
    expect(JSON.stringify(await arrived())).not.toContain('"other@example.kz"');
  });

  test('a wrong password does not count against the message', async () => {
    const server = await startSmtpServer();
    closers.push(server.close);
    const url = new URL(`smtp://${smtpAccount.user}:wrong@127.0.0.1:${server.port}`);
    const sender = createMessageSender(
      () => createSmtpGateway({ url, from: 'a@example.kz', connections: 1, plainAllowed: true }),
      limits,
    );
    closers.push(() => sender.close());
    const error = await sender.send(message('email', 1)).catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(Undeliverable);
    expect((error as { code: string }).code).toMatch(/^(SMTP_535|GATEWAY_DOWN)$/);
  });

  const sendOver = async (
    tls: boolean,
    settings: { plainAllowed: boolean; ca?: string; scheme?: string },
  ) => {
    const server = await startSmtpServer(tls ? { tls: standInTls } : {});
    closers.push(server.close);
    const sender = createMessageSender(
      () =>
        createSmtpGateway({
          url: new URL(`smtp://127.0.0.1:${server.port}`),
          from: 'a@example.kz',
          connections: 1,
          timeout: 2_000,
          ...settings,
        }),
      limits,
    );
    closers.push(() => sender.close());
    await sender.send(message('email', 1));
    return server.arrived.length;
  };

  test('a remote server must offer TLS', async () => {
    await expect(sendOver(false, { plainAllowed: false })).rejects.toThrow();
  });

  test('a certificate of an unknown authority is refused', async () => {
    await expect(sendOver(true, { plainAllowed: false })).rejects.toThrow();
  });

  test('a certificate of a known authority is accepted', async () => {
    expect(await sendOver(true, { plainAllowed: false, ca: standInTls.cert })).toBe(1);
  });
});

describe('SMPP', () => {
  test('sends one part when the text fits, in the alphabet that it needs, from the configured name', async () => {
    const { sender, server } = await opened(openSmpp());
    await sender.send(message('mobile', 1, { text: 'Code @cabinet #123456' }));
    await sender.send(message('mobile', 2, { text: 'Құпиясөз', urgent: false }));
    await sender.send(message('mobile', 3, { text: 'Құпиясөз '.repeat(20) }));
    expect(server.arrived).toMatchObject([
      { from: '5:ENPF', to: '+77015550001', encoding: 0, parts: 1, validity: expect.stringMatching(/./) },
      { encoding: 8, parts: 1, validity: '' },
      { encoding: 8, parts: 3 },
    ]);
  });

  test('waits when asked for patience, sends the part again, and no part twice', async () => {
    const { sender, server, throttle } = await opened(openSmpp({ deadline: 8_000 }));
    await sender.send(message('mobile', 1));
    // One part is refused twice. Several on their way at once would share one pause.
    throttle(2);
    const begun = performance.now();
    await sender.send(message('mobile', 2));
    expect(performance.now() - begun).toBeGreaterThan(1_400);
    throttle(1);
    await sender.send(message('mobile', 3, { text: 'ә'.repeat(150) }));
    expect(server.arrived.map(({ parts }) => parts)).toEqual([1, 1, 3]);
    expect(server.taken).toHaveLength(5);
    expect(sender.available).toBe(true);
  });

  test('a gateway that throttles for too long fails the message and not the channel', async () => {
    const { sender, throttle } = await opened(openSmpp({ deadline: 300 }));
    throttle(1_000);
    for (let n = 0; n < 3; n += 1) {
      await expect(sender.send(message('mobile', n))).rejects.toMatchObject({ code: 'GATEWAY_TIMEOUT' });
    }
    expect(sender.available).toBe(true);
  });

  test('sends no more than the set number of parts a second', async () => {
    const { sender, server } = await opened(openSmpp({ perSecond: 20, deadline: 10_000 }));
    await Promise.all(Array.from({ length: 30 }, (_, n) => sender.send(message('mobile', n))));
    const times = server.taken.map(({ at }) => at);
    // The bucket holds the parts of one second. The others are sent at the rate.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(400);
    expect(server.taken).toHaveLength(30);
  });

  test('a code is sent before the notices that wait', async () => {
    const { sender, server } = await opened(openSmpp({ perSecond: 10, deadline: 10_000 }));
    const notices = Array.from({ length: 20 }, (_, n) =>
      sender.send(message('mobile', n, { urgent: false })),
    );
    await vi.waitFor(() => expect(server.taken.length).toBeGreaterThan(1), { interval: 5 });
    const waiting = server.taken.length;
    await sender.send(message('mobile', 99));
    const place = server.taken.findIndex(({ urgent }) => urgent);
    expect(place).toBeLessThanOrEqual(waiting + 1);
    await Promise.all(notices);
  });

  test('probes the gateway, and reconnects when the session has ended', async () => {
    const { sender, server, link } = await opened(openSmpp({ probeUp: 20 }));
    await vi.waitFor(() => expect(server.questions()).toBeGreaterThan(2), { interval: 5 });
    await link.become('refusing');
    await vi.waitFor(() => expect(sender.available).toBe(false), { interval: 5 });
    await link.become('good');
    await vi.waitFor(() => expect(server.bound()).toBe(1), { interval: 5 });
    await vi.waitFor(() => expect(sender.available).toBe(true), { interval: 5 });
  });

  test('one session is enough', async () => {
    const { sender, link } = await opened(openSmpp());
    await Promise.all(Array.from({ length: 10 }, (_, n) => sender.send(message('mobile', n))));
    expect(link.connections()).toBe(1);
  });

  test('receipts in either form are stored, and other messages to us are not', async () => {
    const { sender, server, receipts } = await opened(openSmpp());
    await sender.send(message('mobile', 1, { text: 'ә'.repeat(80) }));
    await server.sendReceipt({ esm_class: 4, receipted_message_id: 'gw-1', message_state: 2 });
    await server.sendReceipt({
      esm_class: 4,
      short_message: 'id:gw-2 sub:001 dlvrd:000 stat:UNDELIV err:027 text:',
    });
    await server.sendReceipt({ short_message: 'id:gw-1 stat:REJECTD' });
    await server.sendReceipt({ esm_class: 4, short_message: 'nothing to read' });
    expect(receipts).toEqual(['message-1: gw-1,gw-2', 'gw-1 DELIVRD', 'gw-2 UNDELIV']);
  });

  test('receipts in the table: in any order, and for a number that is used again', async () => {
    const { database, drop } = await freshDatabase();
    closers.push(drop);
    const table = createSmsReceipts(database);
    const rows = () =>
      database.rows(
        sql`select gateway_id, message_id, part, state from cabinet.sms_part order by gateway_id`,
      );
    await table.reported('gw-1', 'DELIVRD');
    await table.handedOver('m-1', ['gw-1', 'gw-2', '']);
    await table.reported('gw-2', 'UNDELIV');
    expect(await rows()).toEqual([
      { gateway_id: 'gw-1', message_id: 'm-1', part: 1, state: 'DELIVRD' },
      { gateway_id: 'gw-2', message_id: 'm-1', part: 2, state: 'UNDELIV' },
    ]);
    await table.handedOver('m-2', ['gw-2']);
    expect((await rows())[1]).toEqual({ gateway_id: 'gw-2', message_id: 'm-2', part: 1, state: null });
  });

  test.each([
    ['without its authority', undefined, false],
    ['with its authority', standInTls.cert, true],
  ])('TLS %s', async (_how, ca, works) => {
    const server = await startSmppServer(standInTls);
    closers.push(server.close);
    const url = new URL(
      `ssmpp://${smppAccount.user}:${encodeURIComponent(smppAccount.password)}@localhost:${server.port}`,
    );
    const receipts = { handedOver: async () => undefined, reported: async () => undefined };
    const sender = createMessageSender(
      (lost) =>
        createSmppGateway(
          { url, sender: '1418', timeout, ...(ca === undefined ? {} : { ca }) },
          { lost, receipts, onError: () => undefined },
        ),
      limits,
    );
    closers.push(() => sender.close());
    const sent = await sender.send(message('mobile', 1)).then(
      () => true,
      () => false,
    );
    expect(sent).toBe(works);
    expect(server.arrived.map(({ from }) => from)).toEqual(works ? ['3:1418'] : []);
  });
});
