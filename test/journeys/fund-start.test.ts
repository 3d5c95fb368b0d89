import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { expiredTls } from '../support/kazpost-tls.ts';
import { startService, type TestService } from '../support/service.ts';

// A problem with the connection to the fund is reported when a process starts, and not only by
// hours without an answer.

const folder = mkdtempSync(join(tmpdir(), 'kabinet-fund-'));
const path = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));

/** The log line with these words, once it appears. */
async function logged(service: TestService, words: string): Promise<Record<string, unknown>> {
  return expect
    .poll(() => service.logLines.find((line) => line.includes(words)), { timeout: 20_000 })
    .toBeDefined()
    .then(() => JSON.parse(service.logLines.find((line) => line.includes(words)) ?? '{}'));
}

describe.each(['all', 'web', 'worker'])('a process that starts as %s', (ROLE) => {
  async function startWith(
    prepare: (server: FundServer) => void,
    different: Readonly<Record<string, string>> = {},
  ): Promise<{ service: TestService; close(): Promise<void> }> {
    const server = await startFundServer();
    prepare(server);
    const service = await startService({ ROLE, FUND_URL: server.url, ...different });
    return {
      service,
      async close() {
        await service.close();
        await server.close();
      },
    };
  }

  test('says that the fund answers', async () => {
    const { service, close } = await startWith(() => undefined);
    expect(await logged(service, 'the fund answers')).toMatchObject({ level: 30 });
    await close();
  });

  test('says that the fund refuses our credentials, and that our certificate has expired', async () => {
    const { service, close } = await startWith(
      (server) => server.alter(() => ({ status: 401, body: { error: 'unauthorized' } })),
      {
        FUND_CLIENT_CERT: path('cert.pem', expiredTls.cert),
        FUND_CLIENT_KEY: path('key.pem', expiredTls.key),
      },
    );
    const said = await logged(service, 'the fund does not answer at the start');
    expect(said).toMatchObject({ level: 50, code: 'FUND_HTTP_401' });
    expect(await logged(service, 'FUND_CLIENT_CERT is not valid now')).toMatchObject({ level: 50 });
    const left = /kabinet_certificate_valid_seconds\{shown_to="fund"\} (\S+)/.exec(
      await service.metrics.text(),
    );
    expect(Number(left?.[1])).toBeLessThan(0);
    await close();
  });

  test('says that a server answers that may not be the fund', async () => {
    const { service, close } = await startWith((server) => server.alter(() => ({ status: 404, body: '' })));
    expect(await logged(service, 'has no health endpoint')).toMatchObject({ level: 40 });
    await close();
  });
});
