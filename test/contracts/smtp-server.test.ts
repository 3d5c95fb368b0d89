import { afterEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { RenderedMessage } from '../../src/features/notices/sender.ts';
import { createMessageSender, type GatewayLimits } from '../../src/gateways/message-sender.ts';
import { createSmtpGateway, type SmtpSettings } from '../../src/gateways/smtp/smtp.ts';
import { Undeliverable } from '../../src/platform/outbox/undeliverable.ts';
import { standInTls } from '../support/kazpost-tls.ts';
import { smtpAccount, startSmtpServer } from '../support/smtp-stand-in.ts';

// Answers of mail servers, and what they concern: a recipient, the server or our account.

const limits: GatewayLimits = {
  atOnce: 4,
  reserved: 1,
  perSecond: 1_000,
  deadline: 4_000,
  failures: 3,
  probeDown: 60_000,
  longestRest: 60_000,
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open({
  tls,
  password = smtpAccount.password,
  different = {},
  settings = {},
}: {
  tls?: typeof standInTls;
  password?: string;
  different?: Partial<GatewayLimits>;
  settings?: Partial<SmtpSettings>;
} = {}) {
  const server = await startSmtpServer(tls ? { tls } : {});
  const url = new URL(`smtp://${smtpAccount.user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}`);
  const failed: string[] = [];
  const account: (string | undefined)[] = [];
  const changes: string[] = [];
  const sender = createMessageSender(
    () => createSmtpGateway({ url, from: 'a@example.kz', connections: 1, plainAllowed: true, ...settings }),
    { ...limits, ...different },
    {
      changed: (available, code) => changes.push(available ? 'up' : `down ${code}`),
      failed: (code) => failed.push(code),
      account: (code) => account.push(code),
    },
  );
  closers.push(server.close, () => sender.close());
  return { server, sender, failed, account, changes };
}

function message(n: number): RenderedMessage {
  return {
    id: `message-${n}`,
    channel: 'email',
    to: `belgi.${n}@example.kz`,
    language: 'kk',
    urgent: true,
    subject: 'Растау коды',
    text: `Код ${n}`,
    html: `<p>Код ${n}</p>`,
  };
}

const outcome = (sending: Promise<void>) =>
  sending.then(
    () => 'sent',
    (error: Error & { code: string }) =>
      `${error instanceof Undeliverable ? 'never' : 'again'} ${error.code}`,
  );

test.each([450, 451, 452])(
  '%s to a recipient, as in greylisting, does not close the channel',
  async (code) => {
    const { server, sender, failed, changes } = await open();
    await sender.send(message(0));
    server.answerRecipients(code, 5);
    for (let n = 1; n < 6; n += 1) expect(await outcome(sender.send(message(n)))).toBe(`again SMTP_${code}`);
    expect(failed).toEqual(Array(5).fill(`SMTP_${code}`));
    expect(await outcome(sender.send(message(6)))).toBe('sent');
    expect(changes).toEqual([]);
  },
);

test('451 after the content: one recipient cannot close the channel, several can', async () => {
  const { server, sender, changes } = await open();
  await sender.send(message(0));
  server.answerContents(451, 1_000);
  for (let n = 0; n < 5; n += 1) expect(await outcome(sender.send(message(1)))).toBe('again SMTP_451');
  expect(changes).toEqual([]);
  for (let n = 2; n < 4; n += 1) await outcome(sender.send(message(n)));
  expect(changes[0]).toBe('down SMTP_451');
});

test.each([
  [550, 'not now', true],
  [550, '5.1.1 no such user', true],
  [551, 'not here', true],
  [553, '5.1.3 bad address', true],
  [554, '5.1.1 no such user', true],
  [550, '5.7.1 relaying denied', false],
  [554, '5.7.1 blocked', false],
  [554, 'transaction failed', false],
  [552, 'mailbox full', false],
  [550, '5.2.2 mailbox full', false],
])('%i %s says of the recipient that there is none: %s', async (code, words, expected) => {
  const { server, sender } = await open();
  server.answerRecipients(code, 1, words);
  const error = await sender.send(message(1)).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ code: `SMTP_${code}`, noRecipient: expected });
});

test('a refusal of the content says nothing of the recipient', async () => {
  const { server, sender } = await open();
  server.answerContents(550, 1);
  const error = await sender.send(message(1)).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ code: 'SMTP_550', noRecipient: false });
});

test('421 is a failure of the server, after any command', async () => {
  const { server, sender, changes } = await open();
  await sender.send(message(0));
  server.answerRecipients(421, 1_000);
  await Promise.all([1, 2, 3].map((n) => outcome(sender.send(message(n)))));
  expect(changes[0]).toMatch(/^down (SMTP_421|GATEWAY_TIMEOUT)$/);
});

test('an address that cannot be sent to a mail server counts against the message', async () => {
  const { sender, changes } = await open();
  await sender.send(message(0));
  for (let n = 0; n < 4; n += 1)
    expect(await outcome(sender.send({ ...message(n), to: 'a@b.kz>\r\n<x' }))).toMatch(/^never SMTP_/);
  expect(changes).toEqual([]);
});

test('a wrong password is reported once and tried less and less often', async () => {
  const { server, sender, account } = await open({
    password: 'wrong',
    different: { probeDown: 10, longestRest: 3_600_000 },
  });
  await vi.waitFor(() => expect(server.signIns()).toBeGreaterThanOrEqual(3), { interval: 5, timeout: 5_000 });
  const before = server.signIns();
  for (let n = 0; n < 20; n += 1) expect(await outcome(sender.send(message(n)))).toBe('again GATEWAY_DOWN');
  expect(server.signIns()).toBeLessThanOrEqual(before + 1);
  expect(account).toEqual(['SMTP_535']);
});

describe('a relay on this machine with its own certificate', () => {
  test('is refused, and the log says why', async () => {
    const { changes, sender } = await open({ tls: standInTls });
    await vi.waitFor(() => expect(sender.available).toBe(false), { interval: 5 });
    expect(changes).toEqual(['down DEPTH_ZERO_SELF_SIGNED_CERT']);
  });

  test('is accepted when the settings say so', async () => {
    const { sender } = await open({ tls: standInTls, settings: { anyCertificate: true } });
    expect(await outcome(sender.send(message(1)))).toBe('sent');
  });

  test('is refused on any other machine', async () => {
    const { sender } = await open({
      tls: standInTls,
      settings: { anyCertificate: true, plainAllowed: false },
    });
    expect(await outcome(sender.send(message(1)))).toMatch(/^again /);
  });
});

describe('the settings', () => {
  const base = { SMTP_URL: 'smtp://127.0.0.1', MAIL_FROM: 'a@example.kz', DEMO: '0' };

  test('name the cabinet in EHLO', async () => {
    const { server, sender } = await open({ settings: { ehloName: 'cabinet.example.kz' } });
    await sender.send(message(1));
    expect(server.greetings()).toEqual(['cabinet.example.kz']);
  });

  test.each([
    [
      'its own setting',
      { SMTP_EHLO_NAME: 'mail.example.kz', PUBLIC_URL: 'https://k.example.kz', TRUSTED_PROXIES: '127.0.0.1' },
      'mail.example.kz',
    ],
    ['the public host', { PUBLIC_URL: 'https://k.example.kz', TRUSTED_PROXIES: '127.0.0.1' }, 'k.example.kz'],
    ['nothing on a laptop', { PUBLIC_URL: 'http://localhost:3000' }, undefined],
  ])('EHLO: %s', (_from, more, name) => {
    expect(readConfig({ ...base, ...more }).mail.gateway?.ehloName).toBe(name);
  });

  test('accept any certificate only on this machine', () => {
    expect(readConfig({ ...base, SMTP_TLS: 'unchecked' }).mail.gateway?.anyCertificate).toBe(true);
    expect(readConfig(base).mail.gateway?.anyCertificate).toBe(false);
    expect(() => readConfig({ ...base, SMTP_URL: 'smtp://mail.example.kz', SMTP_TLS: 'unchecked' })).toThrow(
      /SMTP_TLS/,
    );
  });
});
