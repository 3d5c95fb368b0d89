import { afterEach, expect, test, vi } from 'vitest';
import { freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { startProcess } from '../support/processes.ts';
import { startService } from '../support/service.ts';
import { smppAccount, startSmppServer } from '../support/smpp-stand-in.ts';

// Only processes that deliver connect to the gateways.

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test.each([
  ['all', 1],
  ['worker', 1],
  ['web', 0],
] as const)('ROLE=%s binds the SMS centre %i times', async (role, binds) => {
  const centre = await startSmppServer();
  closers.push(centre.close);
  const url = `smpp://${smppAccount.user}:${encodeURIComponent(smppAccount.password)}@127.0.0.1:${centre.port}`;
  const settings = { DEMO: '0', SMPP_URL: url, SMS_SENDER: 'ENPF' };
  const service = await startService({ ...settings, ROLE: role });
  closers.push(service.close);
  // When a second process has bound, the first one has had time to do so.
  const other = await startService({ ...settings, ROLE: 'worker' });
  closers.push(other.close);
  await vi.waitFor(() => expect(centre.bound()).toBe(binds + 1), { timeout: 10_000 });
  expect(centre.binds()).toBe(binds + 1);
});

test('a process that only serves people shows the channel state that a delivering process reports', async () => {
  const centre = await startSmppServer();
  const url = `smpp://${smppAccount.user}:${encodeURIComponent(smppAccount.password)}@127.0.0.1:${centre.port}`;
  const service = await startService({ DEMO: '0', SMPP_URL: url, SMS_SENDER: 'ENPF', ROLE: 'web' });
  closers.push(service.close, centre.close);
  const channel = async () =>
    /kabinet_channel_available\{channel="mobile"\} (\d)/.exec(await service.metrics.text())?.[1];
  expect(await channel()).toBe('1');
  await service.database.run({
    text: "insert into cabinet.channel_state values (gen_random_uuid(), 'mobile', false)",
    values: [],
  });
  await vi.waitFor(async () => expect(await channel()).toBe('0'), { timeout: 15_000, interval: 100 });
});

test.each([
  ['1', 1],
  ['2', 2],
  ['9', 3],
])('with MESSAGE_WORKERS=%s, %i of three workers bind', async (messengers, binds) => {
  const centre = await startSmppServer();
  const fresh = await freshDatabase();
  const service = await startProcess(
    {
      DATABASE_URL: urlOf(fresh.connection),
      DEMO: '0',
      SMPP_URL: `smpp://${smppAccount.user}:${encodeURIComponent(smppAccount.password)}@127.0.0.1:${centre.port}`,
      SMS_SENDER: 'ENPF',
      MESSAGE_WORKERS: messengers,
    },
    { parameters: ['--workers', '3'] },
  );
  closers.push(fresh.drop, centre.close, async () => {
    service.signal('SIGTERM');
    await service.ended;
  });
  await vi.waitFor(() => expect(centre.bound()).toBe(binds), { timeout: 10_000 });
  expect(centre.binds()).toBe(binds);
});
