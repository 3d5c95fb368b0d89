import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagedBinaries } from 'local-postgres/programs';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Pair, startPair } from '../chaos/standby.ts';
import { type Client, injectClient } from '../support/client.ts';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { freePort } from '../support/processes.ts';
import { enrol, receiptKey } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// The leader is killed. Form, history and receipts are read from the standby, marked with their
// time, and nothing else is. Each test continues where the one before it ended.

const page = '/services/requisites';
const address = 'Алматы қ., Көшпелі көшесі, 4-үй';

describe.each([
  ['all', 'the embedded fund'],
  ['web', 'a fund over HTTP'],
] as const)('with ROLE=%s and %s', (role, kind) => {
  const person = inventPerson(7_450);
  const other = inventPerson(7_451);
  let folder: string;
  let pair: Pair;
  let fund: FundServer;
  let database: Database;
  let standby: Database;
  let instance: Instance;
  /** A process of the same service that serves nobody. */
  let worker: Instance;
  /** Milliseconds by which the process's clock is ahead. */
  let ahead = 0;
  let holder: Client;
  let signedOut: Client;
  /** The cookies of a session that has ended. */
  let ended: { readonly cookie: string };
  let receipt = '';
  const logged: string[] = [];

  const environment = () => ({
    ...{ DEMO: '1', ROLE: role, SECRET_KEYS: 'k'.repeat(32), RECEIPT_KEYS: receiptKey },
    ...{ DATABASE_URL: pair.url, DATABASE_REPLICA_URL: pair.standbyUrl },
    ...(kind === 'a fund over HTTP' ? { FUND_URL: fund.url } : {}),
  });

  async function start(different: Readonly<Record<string, string>> = {}) {
    const own = openDatabase({ connectionString: pair.url }, { connectTimeout: 500 });
    const log = pino({ base: null }, { write: (line: string) => logged.push(line) });
    const config = readConfig({ ...environment(), ...different });
    const started = await createInstance({
      ...{ config, database: own, log, now: () => performance.now() + ahead },
    });
    started.startJobs();
    return {
      instance: started,
      async close() {
        await started.close({ patienceMs: 0 });
        await own.close();
      },
    };
  }

  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kabinet-reading-'));
    pair = await startPair(await packagedBinaries(join(folder, 'libraries')));
    fund = await startFundServer();
    await migrate({ connectionString: pair.url }, { info: () => undefined });
    database = openDatabase({ connectionString: pair.url });
    standby = openDatabase({ connectionString: pair.standbyUrl.replace('kabinet@', 'postgres@') });
    for (const one of [person, other]) {
      fund.enrol(one);
      await enrol(database, one);
    }
    const started = await start();
    stops.push(started.close);
    instance = started.instance;
    const beside = await start({ ROLE: 'worker' });
    stops.push(beside.close);
    worker = beside.instance;
    holder = await signedIn(instance as never, person);
    signedOut = await signedIn(instance as never, other);
    const form = formOf((await holder.get(page)).body, page, { apartment: '71' });
    receipt = String((await holder.post(page, form)).headers['location']).split('?')[0] ?? '';
    await signedOut.get(page);
    ended = spoken(signedOut, 'kk');
    await signedOut.post('/sign-out', formOf((await signedOut.get('/services')).body, '/sign-out'));
    await instance.server.inject('/health/readable');
  }, 60_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
    await database.close();
    await standby.close();
    await pair.close();
    await fund.close();
    await rm(folder, { recursive: true });
  });

  const status = async (path: string) => (await instance.server.inject(path)).statusCode;
  const readable = (expected: number, path = '/health/readable') =>
    vi.waitFor(async () => expect(await status(path)).toBe(expected), { timeout: 20_000, interval: 50 });
  const spoken = (client: Client, language: string) => ({
    cookie: [...client.cookies, ['language', language]].map(([name, value]) => `${name}=${value}`).join('; '),
  });
  const mark = (language: 'kk' | 'ru' | 'en') =>
    new RegExp(textsOf(language).outages.asOf.replace('{time}', '[0-9]{2}:[0-9]{2}'));
  const gauge = async () => /^kabinet_standby_readable (\d)$/m.exec(await instance.metrics.text())?.[1];

  test('while the leader answers, nothing is marked', async () => {
    await vi.waitFor(async () => expect(await gauge()).toBe('1'), { timeout: 20_000, interval: 50 });
    const { body, status } = await holder.get(page);
    expect(status).toBe(200);
    expect(body).not.toMatch(mark('kk'));
    expect(formOf(body, page)).not.toEqual([]);
    expect((await signedOut.get(page, ended)).status).toBe(303);
  });

  test('a standby that is more than five seconds behind is not read', async () => {
    await standby.run(sql`select pg_wal_replay_pause()`);
    await database.run(sql`update cabinet.database_mark set mark = mark + 1`);
    ahead += 6_000;
    await vi.waitFor(async () => expect(await gauge()).toBe('0'), { timeout: 20_000, interval: 50 });
    await pair.killPrimary();
    await readable(503);
    expect((await holder.get(page)).status).toBe(503);
    // What it has received is there as soon as it is replayed.
    await standby.run(sql`select pg_wal_replay_resume()`);
    await readable(200);
    expect(await status('/health/ready')).toBe(503);
  });

  test('form, history and receipt are shown, marked with their time, in three languages', async () => {
    for (const path of [page, '/history', receipt]) {
      for (const language of languages) {
        const { status, body } = await holder.get(path, spoken(holder, language));
        expect(`${path} ${language} ${status}`).toBe(`${path} ${language} 200`);
        const text = visibleText(readPage(body));
        expect(text).toMatch(mark(language));
        expect(text).toContain(textsOf(language).outages.onlyRead);
        expect(text).toContain('71');
      }
    }
    const form = await holder.get(page);
    expect(form.body).not.toContain(`action="${page}"`);
    expect(visibleText(readPage(form.body))).toContain(person.name);
    expect(logged.filter((line) => line.includes('pages are read from the standby'))).toHaveLength(1);
  });

  test('nothing else is: other pages, a file, a receipt that is not there', async () => {
    const pages = instance.routes.filter(
      ({ method, url, access }) => method === 'GET' && access === 'holder' && !url.includes(':'),
    );
    expect(pages.length).toBeGreaterThan(10);
    const shown: string[] = [];
    for (const path of [...pages.map(({ url }) => url), `${receipt}.pdf`, '/receipts/000000000000']) {
      const { status } = await holder.get(path);
      if (status !== 503) shown.push(`${path} ${status}`);
    }
    expect(shown.sort()).toEqual(['/history 200', `${page} 200`]);
  });

  test.runIf(spawnSync('haproxy', ['-v']).status === 0)('also through HAProxy', async () => {
    const [port, front] = [await freePort(), await freePort()];
    await instance.server.listen({ host: '127.0.0.1', port });
    const proxy = spawn('haproxy', ['-db', '-f', join(root, 'deploy/haproxy.cfg')], {
      env: {
        ...{ PATH: process.env['PATH'], KABINET_BIND: `127.0.0.1:${front}` },
        ...{ KABINET_NODE_1: `127.0.0.1:${port}`, KABINET_NODE_2: `127.0.0.1:${await freePort()}` },
        KABINET_UNAVAILABLE: join(root, 'dist/static/unavailable.html'),
      },
      stdio: 'ignore',
    });
    try {
      await vi.waitFor(
        async () => {
          const answer = await fetch(`http://localhost:${front}${page}`, { headers: spoken(holder, 'kk') });
          expect(answer.status).toBe(200);
          expect(await answer.text()).toMatch(mark('kk'));
        },
        { timeout: 20_000, interval: 100 },
      );
    } finally {
      proxy.kill();
    }
  });

  test('saving and signing in are refused in words, and what was typed stays', async () => {
    const csrf = formOf((await holder.get(page)).body, '/sign-out').find(([name]) => name === 'csrf')?.[1];
    const typed = { ...person.requisites, address, apartment: '72', postcode: 'A25A2B8' };
    const fields = Object.entries({ ...typed, document: 'd1', revision: '2', csrf: csrf ?? '' }).map(
      ([name, value]) => [name, value ?? ''] as const,
    );
    const saved = await holder.post(page, [...fields, ['formId', crypto.randomUUID()]]);
    expect(saved.status).toBe(503);
    const text = visibleText(readPage(saved.body));
    expect(text).toContain(textsOf('kk').outages.away.title);
    expect(text).toContain(textsOf('kk').outages.typed);
    expect(saved.body).toContain(address);
    const stranger = injectClient(instance.server);
    const form = formOf((await stranger.get('/sign-in')).body, '/sign-in', {
      ...{ iin: other.iin, password: other.password ?? '' },
    });
    const refused = await stranger.post('/sign-in', form);
    expect(refused.status).toBe(503);
    expect(visibleText(readPage(refused.body))).toContain(textsOf('kk').outages.away.title);
    expect(refused.body).not.toContain(other.password ?? 'none');
  });

  test('a session that had ended stays ended, and its cookie is not taken away', async () => {
    const answer = await signedOut.get(page, ended);
    expect(answer.status).toBe(503);
    expect(String(answer.headers['set-cookie'] ?? '')).not.toMatch(/session=;/);
    expect((await injectClient(instance.server).get('/history')).status).toBe(303);
  });

  test('a process with ROLE=worker shows nothing', async () => {
    expect((await worker.server.inject('/health/readable')).statusCode).toBe(503);
    const { statusCode } = await worker.server.inject({ url: '/history', headers: spoken(holder, 'kk') });
    expect(statusCode).toBe(404);
  });

  test('a process that never saw the leader reads nothing', async () => {
    const late = await start();
    const answer = await injectClient(late.instance.server).get(page, spoken(holder, 'kk'));
    expect(answer.status).toBe(503);
    expect((await late.instance.server.inject('/health/readable')).statusCode).toBe(503);
    await late.close();
  });

  test('five minutes after the leader was last seen it ends', async () => {
    ahead += 4 * 60_000;
    expect((await holder.get(page)).status).toBe(200);
    ahead += 60_000;
    expect((await holder.get(page)).status).toBe(503);
    expect((await holder.get('/history')).status).toBe(503);
    await readable(503);
  });

  test('with a new leader everything is as before', async () => {
    await pair.failOver();
    await readable(200, '/health/ready');
    await vi.waitFor(
      async () => {
        const { status, body } = await holder.get(page);
        expect(status).toBe(200);
        expect(body).not.toMatch(mark('kk'));
      },
      { timeout: 20_000, interval: 50 },
    );
    const form = formOf((await holder.get(page)).body, page, { apartment: '73' });
    expect((await holder.post(page, form)).status).toBe(303);
    expect(logged.filter((line) => line.includes('answers again'))).not.toHaveLength(0);
  });
});
