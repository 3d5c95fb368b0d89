import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { urlOf } from '../support/kabinet.ts';
import { type NetworkClient, networkClient } from '../support/network-client.ts';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts';
import { inventPerson } from '../support/people.ts';
import { freePort, runService, type ServiceProcess, startProcess } from '../support/processes.ts';
import { enrol } from '../support/service.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// The built service sends its traces to a collector, which may be away.

const person = inventPerson(7_501);
const path = '/services/requisites';
/** What a proxy in front of the service sends. */
const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const proxyHeaders = {
  'x-forwarded-for': '192.0.2.7',
  'x-request-id': 'A1B2C3D4E5F6',
  traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
};

let fresh: FreshDatabase;
let fund: FundServer;
let collector: OtlpCollector;
const started: Pick<ServiceProcess, 'signal' | 'ended'>[] = [];
const clients: NetworkClient[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  await enrol(fresh.database, person);
  fund = await startFundServer();
  fund.enrol(person);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const process of started) process.signal('SIGTERM');
  await Promise.all(started.splice(0).map((process) => process.ended));
  await collector.close();
});

afterAll(async () => {
  await fund.close();
  await fresh.drop();
});

/** Settings of the service. @param endpoint where its traces go */
const settings = (endpoint: string, role = 'all') => ({
  DATABASE_URL: urlOf(fresh.connection),
  FUND_URL: fund.url,
  TRUSTED_PROXIES: '127.0.0.1',
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20for-the-collector',
  ROLE: role,
});

async function start(endpoint: string, role = 'all'): Promise<ServiceProcess> {
  const process = await startProcess(settings(endpoint, role));
  started.push(process);
  return process;
}

/** Signs in and saves. Returns what the save was answered with. */
async function save(origin: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const client = networkClient(origin);
  clients.push(client);
  await signIn(client, person);
  const form = formOf((await client.get(path)).body, path, {
    apartment: String(Math.floor(Math.random() * 900) + 1),
    formId: randomUUID(),
  });
  return (await client.post(path, form, headers)).status;
}

describe('a save is one trace, from the proxy to the fund', () => {
  test.each([
    ['one process', ['all']],
    ['a web process and a worker', ['web', 'worker']],
  ] as const)(
    'in %s',
    async (_name, roles) => {
      collector = await startOtlpCollector();
      const before = fund.requests.length;
      const worker = roles[1] && runService(settings(collector.url, roles[1]));
      if (worker) started.push(worker);
      const web = await start(collector.url, roles[0]);
      await worker?.saying('This process delivers');
      expect(await save(web.origin, proxyHeaders)).toBe(303);
      const ofSave = () => collector.spans.filter((span) => span.traceId === traceId);
      const find = (name: string): CollectedSpan => {
        const span = ofSave().find((one) => one.name === name);
        if (!span) throw new Error(`no span ${name} among ${ofSave().map((one) => one.name)}`);
        return span;
      };
      await vi.waitFor(() => ['deliver fund', `POST ${path}`].map(find), { timeout: 30_000, interval: 50 });

      const request = find(`POST ${path}`);
      expect(request.parentSpanId).toBe('00f067aa0ba902b7');
      expect(request.attributes).toMatchObject({
        'http.route': path,
        'http.response.status_code': 303,
        'kabinet.request_id': proxyHeaders['x-request-id'],
        'kabinet.outcome': 'saved',
      });
      expect(request.role).toBe(roles[0]);
      for (const name of ['with cabinet.requisites', 'commit', 'POST holders'])
        expect(find(name).parentSpanId).toBe(request.spanId);

      const delivery = find('deliver fund');
      expect(delivery.parentSpanId).toBe(request.spanId);
      expect(delivery.role).toBe(roles.at(-1));
      const call = find('PUT changes');
      expect(call.parentSpanId).toBe(delivery.spanId);
      expect(find('update cabinet.outbox').parentSpanId).toBe(delivery.spanId);

      // The fund can continue the trace, and find the request in its log.
      const asked = fund.requests.slice(before);
      expect(asked.find(({ method }) => method === 'PUT')).toMatchObject({
        requestId: proxyHeaders['x-request-id'],
        traceparent: `00-${traceId}-${call.spanId}-01`,
      });
      expect(asked.filter(({ requestId }) => requestId === proxyHeaders['x-request-id'])).toHaveLength(2);
      expect(collector.received.join('\n')).toContain('Bearer for-the-collector');
    },
    150_000,
  );
});

test('a save that goes to the embedded fund in a batch has the statements of the batch in its trace', async () => {
  collector = await startOtlpCollector();
  const { FUND_URL: _, ...embedded } = settings(collector.url);
  const service = await startProcess(embedded);
  started.push(service);
  expect(await save(service.origin, proxyHeaders)).toBe(303);
  const ofSave = () => collector.spans.filter((span) => span.traceId === traceId);
  const named = (name: string) => ofSave().find((span) => span.name === name);
  await vi.waitFor(
    () =>
      expect(ofSave().map(({ name }) => name)).toEqual(
        expect.arrayContaining(['deliver fund', `POST ${path}`]),
      ),
    { timeout: 30_000, interval: 50 },
  );
  const delivery = named('deliver fund');
  expect(delivery?.parentSpanId).toBe(named(`POST ${path}`)?.spanId);
  expect(delivery?.attributes).toMatchObject({ 'kabinet.queue': 'fund', 'kabinet.batch': 1 });
  const within = ofSave().filter(({ parentSpanId }) => parentSpanId === delivery?.spanId);
  expect(within.map(({ attributes }) => String(attributes['db.query.text']))).toEqual([
    expect.stringContaining('insert into fund.applied_change'),
    expect.stringContaining('update cabinet.outbox set delivered_at'),
  ]);
});

test('a process that traces nothing loads none of the packages', () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const code = readFileSync(join(root, 'dist', file), 'utf8');
    for (const [, next = ''] of code.matchAll(/^(?:} from|import) "\.\/([^"]+)";$/gm)) load(next);
  };
  load('main.js');
  expect(loaded.size).toBeGreaterThan(1);
  const code = [...loaded].map((file) => readFileSync(join(root, 'dist', file), 'utf8')).join('\n');
  expect(code).toContain('open-telemetry');
  expect(code).not.toMatch(/(?:from|import) "@opentelemetry/);
});

test('who is no trusted proxy decides neither the trace nor the id', async () => {
  collector = await startOtlpCollector();
  const service = await startProcess({ ...settings(collector.url), TRUSTED_PROXIES: '192.0.2.0/24' });
  started.push(service);
  expect(await save(service.origin, proxyHeaders)).toBe(303);
  await vi.waitFor(() => expect(collector.spans.map(({ name }) => name)).toContain(`POST ${path}`), {
    timeout: 30_000,
    interval: 50,
  });
  const request = collector.spans.find(({ name }) => name === `POST ${path}`);
  expect(request?.traceId).not.toBe(traceId);
  expect(request?.attributes['kabinet.request_id']).toMatch(/^[0-9A-Z]{10}$/);
});

describe('a collector that takes nothing hinders nobody', () => {
  test('one that is away: pages work, the log says it once, and the process ends at once', async () => {
    collector = await startOtlpCollector();
    const service = await start(`http://127.0.0.1:${await freePort()}`);
    expect(await save(service.origin)).toBe(303);
    await service.saying('does not take traces');
    expect(await save(service.origin)).toBe(303);
    const begun = performance.now();
    service.signal('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(service.said().split('does not take traces')).toHaveLength(2);
  });

  test('one that never answers: pages work, and the process ends in time', async () => {
    collector = await startOtlpCollector();
    collector.hang(true);
    const service = await start(collector.url);
    expect(await save(service.origin)).toBe(303);
    await vi.waitFor(() => expect(collector.received.length).toBeGreaterThan(0), { timeout: 30_000 });
    expect(await save(service.origin)).toBe(303);
    const begun = performance.now();
    service.signal('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
