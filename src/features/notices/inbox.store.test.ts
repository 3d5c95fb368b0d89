import { parse } from 'node-html-parser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inventPerson } from '../../../test/support/people.ts';
import { startService, type TestService } from '../../../test/support/service.ts';
import { startSmtpServer } from '../../../test/support/smtp-stand-in.ts';
import { createKeys } from '../../platform/keys.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { codeOf } from '../codes/code.ts';
import { renewCode } from '../codes/store.ts';
import type { Channel } from './channel.ts';
import type { MessagePayload } from './payload.ts';
import { enqueueMessages } from './store.ts';

let service: TestService;
let holderId: string;

async function open(environment: Record<string, string> = {}): Promise<void> {
  service = await startService(environment);
  await service.enrol(inventPerson(1));
  const row = await service.database.first<{ holderId: string }>(
    sql`select holder_id as "holderId" from cabinet.holder`,
  );
  holderId = row?.holderId ?? '';
}

beforeEach(() => open());
afterEach(() => service.close());

const to = { mobile: '+77015550001', email: 'belgi.0001@example.kz' };
const common = { language: 'ru', at: '2026-11-22T19:31:00.000Z' } as const;

const queue = (messages: readonly MessagePayload[]) => enqueueMessages(service.database, holderId, messages);

async function queueCode(channel: Channel): Promise<string> {
  const code = await renewCode(
    service.database,
    { holderId, purpose: 'recover', channel, destination: to[channel], changeId: null },
    10,
    5,
  );
  const { codeId } = code;
  await enqueueMessages(service.database, holderId, [
    { kind: 'code', purpose: 'recover', codeId, channel, to: to[channel], language: 'kk' },
  ]);
  return codeOf(createKeys(['k'.repeat(32)]), code);
}

async function inbox(): Promise<Record<string, string>[]> {
  const answer = await service.server.inject({ url: '/demo/inbox', headers: { accept: 'application/json' } });
  expect(answer.headers['content-type']).toContain('application/json');
  expect(answer.headers['cache-control']).toBe('no-store');
  return answer.json();
}

const arrived = (count: number) =>
  vi.waitFor(
    async () => {
      const messages = await inbox();
      expect(messages).toHaveLength(count);
      return messages;
    },
    { timeout: 10_000 },
  );

describe('/demo/inbox', () => {
  test('as JSON: the queued messages, in the form of the contract, newest first', async () => {
    const code = await queueCode('mobile');
    await arrived(1);
    await queue([
      { ...common, kind: 'new-device', channel: 'email', to: to.email, device: 'Firefox, Windows' },
    ]);
    const [second, first] = await arrived(2);
    expect(first).toEqual({
      to: to.mobile,
      channel: 'sms',
      text: expect.stringMatching(new RegExp(`\\n@localhost #${code}$`)),
      sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(second).toMatchObject({
      to: to.email,
      channel: 'email',
      text: expect.stringContaining('Firefox'),
    });
    expect(Object.keys(second ?? {}).sort()).toEqual(['channel', 'sentAt', 'text', 'to']);
  });

  test('as a page: each message in its own language, with nothing of it as markup', async () => {
    await queueCode('email');
    await arrived(1);
    const device = '<script>alert(1)</script>';
    await queue([{ ...common, kind: 'new-device', channel: 'email', to: to.email, device }]);
    await arrived(2);
    const answer = await service.server.inject({ url: '/demo/inbox', headers: { accept: 'text/html' } });
    const page = parse(answer.body);
    expect(page.querySelector('h1')?.text).toBe('Таныстыру нұсқасының хабарламалары');
    expect(page.querySelectorAll('main li h2').map((heading) => heading.text)).toEqual([
      `${to.email} мекенжайына хат`,
      `${to.email} мекенжайына хат`,
    ]);
    expect(page.querySelectorAll('main li [lang]').map((one) => one.getAttribute('lang'))).toEqual([
      'ru',
      'kk',
    ]);
    expect(page.querySelectorAll('main script')).toEqual([]);
    expect(answer.body).toContain('&lt;script>alert(1)');
  });

  test('the link of a notice can be followed', async () => {
    const disavowalId = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
    await queue([{ ...common, kind: 'recovered', channel: 'mobile', to: to.mobile, disavowalId }]);
    await arrived(1);
    const answer = await service.server.inject({ url: '/demo/inbox' });
    const link = parse(answer.body).querySelector('main li a');
    expect(link?.getAttribute('href')).toMatch(/^http:\/\/localhost:\d+\/not-me\/[\w-]{44}$/);
  });

  test('an empty inbox says so', async () => {
    const answer = await service.server.inject({ url: '/demo/inbox' });
    expect(parse(answer.body).querySelector('main')?.text).toContain('Әзірге хабарлама жоқ');
  });

  test('nothing of a message appears in the log', async () => {
    const code = await queueCode('mobile');
    await arrived(1);
    const logged = service.logLines.join('');
    for (const value of [code, to.mobile, to.email]) expect(logged).not.toContain(value);
  });
});

describe('without a demonstration', () => {
  test('there is no inbox, and a message that cannot be sent is a dead letter', async () => {
    await service.close();
    await open({ DEMO: '0' });
    expect((await service.server.inject({ url: '/demo/inbox' })).statusCode).toBe(404);
    expect(service.routes.map(({ url }) => url)).not.toContain('/demo/inbox');
    await queueCode('mobile');
    await vi.waitFor(
      async () =>
        expect(
          await service.database.rows(
            sql`select last_error, dead_at is not null as dead from cabinet.outbox`,
          ),
        ).toEqual([{ last_error: 'NO_GATEWAY', dead: true }]),
      { timeout: 10_000 },
    );
    expect(await service.database.rows(sql`select from cabinet.inbox`)).toEqual([]);
    const metrics = await service.metrics.text();
    expect(metrics).not.toContain('kabinet_channel_available{');
    expect(metrics).toContain('kabinet_outbox_pending{lane="code"} 0');
  });

  test('an e-mail is sent by the configured gateway', async () => {
    await service.close();
    const server = await startSmtpServer();
    await open({
      DEMO: '0',
      SMTP_URL: `smtp://127.0.0.1:${server.port}`,
      MAIL_FROM: 'ЕНПФ <no-reply@cabinet.example.kz>',
      PUBLIC_URL: 'https://cabinet.example.kz',
      TRUSTED_PROXIES: '127.0.0.1',
    });
    const code = await queueCode('email');
    await vi.waitFor(() => expect(server.arrived).toHaveLength(1), { timeout: 10_000 });
    expect(server.arrived[0]?.to).toEqual([to.email]);
    expect(server.arrived[0]?.text.trimEnd()).toMatch(new RegExp(`\\n@cabinet\\.example\\.kz #${code}$`));
    expect(server.arrived[0]?.subject).toBe('Құпиясөзді қалпына келтіру коды');
    await server.close();
  });
});
