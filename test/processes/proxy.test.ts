import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { urlOf } from '../support/kabinet.ts';
import { type NetworkClient, networkClient } from '../support/network-client.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { freePort, type ServiceProcess, startProcess } from '../support/processes.ts';
import { enrol } from '../support/service.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// deploy/haproxy.cfg before two nodes that share a database, as on several machines.

const found = spawnSync('haproxy', ['-v']).status === 0;
if (!found)
  console.log('HAProxy was not found here: deploy/haproxy.cfg is not tried (apt-get install haproxy).');

describe.runIf(found)('HAProxy before two nodes', () => {
  const person = inventPerson(7_301);
  let fresh: FreshDatabase;
  let origin: string;
  let start: (node: 0 | 1) => Promise<ServiceProcess>;
  let proxy: ReturnType<typeof spawn>;
  let reader: NetworkClient;
  let saver: NetworkClient;
  let link: FaultyLink;
  const nodes: ServiceProcess[] = [];
  /** The lines of all nodes, and those of the proxy about requests. */
  const told: string[] = [];
  const proxied: string[] = [];
  const passed: { readonly id: string; readonly status: number }[] = [];

  beforeAll(async () => {
    fresh = await freshDatabase();
    await enrol(fresh.database, person);
    const { host, port } = fresh.connection;
    link = await openFaultyLink(host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : port);
    const ports = [await freePort(), await freePort()] as const;
    const front = await freePort();
    origin = `http://localhost:${front}`;
    start = (node) =>
      startProcess(
        {
          DATABASE_URL: urlOf({ ...fresh.connection, host: '127.0.0.1', port: link.port }),
          PORT: String(ports[node]),
          PUBLIC_URL: origin,
          TRUSTED_PROXIES: '127.0.0.1',
          DRAIN_SECONDS: '3',
        },
        { onLine: (line) => told.push(line) },
      );
    nodes.push(...(await Promise.all([start(0), start(1)])));
    proxy = spawn('haproxy', ['-db', '-f', join(root, 'deploy/haproxy.cfg')], {
      env: {
        PATH: process.env['PATH'],
        KABINET_BIND: `127.0.0.1:${front}`,
        KABINET_NODE_1: `127.0.0.1:${ports[0]}`,
        KABINET_NODE_2: `127.0.0.1:${ports[1]}`,
        KABINET_UNAVAILABLE: join(root, 'dist/static/unavailable.html'),
        KABINET_REQUESTS_PER_MINUTE: '1000000',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (proxy.stderr)
      createInterface(proxy.stderr).on('line', (line) => {
        proxied.push(line);
        if (line.startsWith('{')) passed.push(JSON.parse(line));
      });
    reader = networkClient(origin);
    saver = networkClient(origin);
    await vi.waitFor(async () => expect((await fetch(`${origin}/sign-in`)).status).toBe(200), {
      timeout: 20_000,
      interval: 50,
    });
    await signIn(saver, person);
  });

  afterAll(async () => {
    for (const client of [reader, saver]) client.close();
    proxy.kill('SIGTERM');
    for (const node of nodes) node.signal('SIGKILL');
    await Promise.all(nodes.map((node) => node.ended));
    await link.close();
    await fresh.drop();
  });

  /** People who read and save until `over`. Counts the requests that failed. */
  async function load(over: {
    yet: boolean;
  }): Promise<{ read: number; lostReads: number; saved: number; lostSaves: number }> {
    const count = { read: 0, lostReads: 0, saved: 0, lostSaves: 0 };
    const requisites = '/services/requisites';
    const reads = async () => {
      while (!over.yet) {
        const status = await reader.get('/sign-in').then(
          (answer) => answer.status,
          () => 0,
        );
        count.read += 1;
        if (status !== 200) count.lostReads += 1;
      }
    };
    const saves = async () => {
      while (!over.yet) {
        const page = await saver.get(requisites);
        if (page.status !== 200) {
          count.lostReads += 1;
          continue;
        }
        const form = formOf(page.body, requisites, { apartment: String(count.saved), formId: randomUUID() });
        // A person whose form got no answer presses the button again, which sends the same form.
        for (let status = 0; status !== 303; ) {
          status = await saver.post(requisites, form).then(
            (answer) => answer.status,
            () => 0,
          );
          if (status !== 303) count.lostSaves += 1;
          else count.saved += 1;
        }
      }
    };
    await Promise.all([reads(), saves()]);
    return count;
  }

  const saves = async () =>
    (await fresh.database.first<{ n: number }>(sql`select count(*)::int as n from cabinet.change`))?.n;

  test('its headers about a client are trusted, and internal addresses are blocked', async () => {
    for (const path of ['/health/ready', '/demo/inbox'])
      expect((await fetch(origin + path)).status).toBe(404);
    const asked = await fetch(`${origin}/sign-in`, { headers: { 'x-forwarded-proto': 'https' } });
    expect(asked.headers.get('strict-transport-security')).toBeNull();
  });

  test('a request has one id: in the log of the proxy, in that of the node, and on the page', async () => {
    const answer = await fetch(`${origin}/nowhere?secret=${person.iin}`, {
      headers: { 'x-request-id': 'chosen-by-a-client' },
    });
    const reference = /<code>([^<]+)<\/code>/.exec(await answer.text())?.[1] ?? '';
    expect(reference).toMatch(/^[0-9A-F]{12}$/);
    const line = await vi.waitFor(() => {
      const found = passed.find(({ id }) => id === reference);
      if (!found) throw new Error(`the proxy has not logged ${reference}`);
      return found;
    });
    expect(line.status).toBe(404);
    await vi.waitFor(() =>
      expect(told.filter((one) => one.includes(`"reqId":"${reference}"`)).join()).toContain('answered'),
    );
    for (const part of ['127.0.0.1', 'nowhere', person.iin]) expect(proxied.join('\n')).not.toContain(part);
  });

  test('a killed node interrupts at most the current save, which is repeated and made once; a stopping node interrupts nothing', async () => {
    const killing = { yet: false };
    const before = load(killing);
    nodes[0]?.signal('SIGKILL');
    await nodes[0]?.ended;
    nodes[0] = await start(0);
    killing.yet = true;
    const killed = await before;
    expect(killed).toMatchObject({ lostReads: 0, read: expect.any(Number) });
    expect(killed.lostSaves).toBeLessThanOrEqual(1);
    expect(await saves()).toBe(killed.saved);

    const leaving = { yet: false };
    const during = load(leaving);
    nodes[1]?.signal('SIGTERM');
    expect(await nodes[1]?.ended).toBe(0);
    leaving.yet = true;
    const left = await during;
    expect(left).toMatchObject({ lostReads: 0, lostSaves: 0 });
    expect(left.read).toBeGreaterThan(1);
    expect(await saves()).toBe(killed.saved + left.saved);
  });

  test('while no node is ready, who has just saved is told so, and all others see the static page', async () => {
    const form = formOf((await saver.get('/services/requisites')).body, '/services/requisites', {
      apartment: '77',
      formId: randomUUID(),
    });
    const receipt = String((await saver.post('/services/requisites', form)).headers['location']);
    await link.become('refusing');
    await vi.waitFor(
      async () => {
        const page = await (await fetch(`${origin}/sign-in`)).text();
        expect(page).toContain('The service is temporarily unavailable');
        expect(page).toContain('Услуга временно недоступна');
      },
      { timeout: 20_000, interval: 100 },
    );
    const page = readPage((await saver.get(receipt)).body);
    expect(heading(page)).toBe(textsOf('kk').receipt.saved);
    expect(visibleText(page)).toContain(receipt.split('/').at(-1));
    await link.become('good');
    await vi.waitFor(async () => expect((await saver.get(receipt)).status).toBe(200), {
      timeout: 20_000,
      interval: 100,
    });
  });

  test('when no node is left, people see the static page', async () => {
    for (const node of nodes) node.signal('SIGKILL');
    await Promise.all(nodes.map((node) => node.ended));
    // On a connection of its own: one that is kept alive may be closed just when it is used again.
    const visitor = networkClient(origin);
    const { status, headers, body } = await visitor.get('/sign-in');
    visitor.close();
    expect([status, headers['retry-after'], headers['content-type']]).toEqual([
      503,
      '60',
      'text/html; charset=utf-8',
    ]);
    expect(body).toContain('Қызмет уақытша қолжетімсіз');
  });
});
