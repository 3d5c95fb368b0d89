import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Client, injectClient } from '../support/client.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// A change was saved, and then its receipt cannot be shown. Whoever has just saved it is told that
// it is saved, and nobody else is told anything.

const person = inventPerson(9_430);
const path = '/services/requisites';
const atOnce = 6;

describe.each(['all', 'web'])('with ROLE=%s', (role) => {
  let link: FaultyLink;
  let behindLink: Database;
  let service: TestService;

  beforeAll(async () => {
    service = await startService(
      { ROLE: role, REQUESTS_AT_ONCE: String(atOnce) },
      {
        work: false,
        through: async (_database, { host, port, ...rest }) => {
          link = await openFaultyLink(host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : port);
          const connection = { ...rest, host: '127.0.0.1', port: link.port };
          behindLink = openDatabase(connection, { connectTimeout: 300, max: 5 });
          return behindLink;
        },
      },
    );
    await service.enrol(person);
  });

  afterAll(async () => {
    await behindLink.close();
    await link.close();
    await service.close();
  });

  const speak = (language: string) =>
    service.database.run(sql`update cabinet.holder set language = ${language} where iin = ${person.iin}`);

  beforeEach(async () => {
    await reconnect();
    await speak('kk');
  });

  async function reconnect(): Promise<void> {
    await link.become('good');
    const ready = async () => (await service.server.inject('/health/ready')).statusCode;
    await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 20_000, interval: 100 });
  }

  async function formFor(client: Client) {
    const apartment = String(Math.floor(Math.random() * 9_000) + 1);
    return formOf((await client.get(path)).body, path, { apartment, formId: randomUUID() });
  }

  /** Saves, and returns the address of the receipt, which was not opened yet. */
  async function save(client: Client): Promise<string> {
    const answer = await client.post(path, await formFor(client));
    expect(answer.status).toBe(303);
    return String(answer.headers['location']);
  }

  const numberIn = (receipt: string) => receipt.split('/').at(-1) ?? '';

  test.each(languages)(
    'says so in %s while the database is away, then shows the receipt',
    async (language) => {
      const t = textsOf(language);
      await speak(language);
      const client = await signedIn(service, person);
      const receipt = await save(client);
      await link.become('refusing');
      const answer = await client.get(receipt);
      expect(answer.status).toBe(503);
      const page = readPage(answer.body);
      expect(page.querySelector('html')?.getAttribute('lang')).toBe(language);
      expect(heading(page)).toBe(t.receipt.saved);
      const text = visibleText(page);
      for (const part of [numberIn(receipt), t.receipt.notShown, t.receipt.inHistory])
        expect(text).toContain(part);
      expect(text).not.toContain(t.outages.away.title);
      expect(answer.headers['refresh']).toBe(answer.headers['retry-after']);

      await reconnect();
      const shown = await client.get(receipt);
      expect(shown.status).toBe(200);
      expect(heading(readPage(shown.body))).toBe(t.receipt.title);
      // Whoever uses this browser next finds no mark.
      expect(client.cookies.has('done')).toBe(false);
    },
  );

  test('no other browser, number or mark is told that anything is saved', async () => {
    const client = await signedIn(service, person);
    const receipt = await save(client);
    const mark = client.cookies.get('done') ?? '';
    expect(mark).not.toBe('');
    await link.become('refusing');
    const saved = textsOf('kk').receipt.saved;
    const ask = async (address: string, done: string) => {
      const stranger = injectClient(service.server);
      return (await stranger.get(address, { cookie: `session=none; done=${done}` })).body;
    };
    expect(await ask(receipt, mark)).toContain(saved);
    expect(await ask(receipt, '')).not.toContain(saved);
    expect(await ask('/receipts/0123456789AB', mark)).not.toContain(saved);
    const [until, signature] = mark.split('.');
    for (const forged of [`${Number(until) + 1}.${signature}`, `${until}.`, `1.${signature}`, 'x'])
      expect(await ask(receipt, forged)).not.toContain(saved);
    await reconnect();
  });

  test('a session that ended meanwhile: the number, where to find the receipt, and nothing else', async () => {
    const client = await signedIn(service, person);
    const receipt = await save(client);
    await service.database.run(
      sql`update cabinet.session set ended_at = now(), end_reason = 'signed-out' where ended_at is null`,
    );
    const answer = await client.get(receipt);
    expect(answer.status).toBe(200);
    const page = readPage(answer.body);
    const t = textsOf('kk').receipt;
    expect(heading(page)).toBe(t.saved);
    expect(visibleText(page)).toContain(numberIn(receipt));
    expect(visibleText(page)).toContain(t.notSignedIn);
    expect(answer.body).toContain('/sign-in?to=%2Fhistory');
    for (const mark of [person.iin, person.surname, person.name]) expect(answer.body).not.toContain(mark);
    const stranger = await injectClient(service.server).get(receipt);
    expect(stranger.status).toBe(303);
    expect(stranger.headers['location']).toMatch(/^\/sign-in/);
  });

  test('says so too while the process is full', async () => {
    const client = await signedIn(service, person);
    const receipt = await save(client);
    await link.become('stalling');
    const others = Array.from({ length: atOnce }, () => client.get('/services'));
    const answer = await client.get(receipt);
    expect(answer.status).toBe(503);
    expect(heading(readPage(answer.body))).toBe(textsOf('kk').receipt.saved);
    await link.become('refusing');
    await Promise.all(others);
    await reconnect();
  });

  test('a form whose answer was lost leads to its receipt during maintenance as well', async () => {
    const client = await signedIn(service, person);
    const form = await formFor(client);
    const first = await client.post(path, form);
    const other = await formFor(client);
    await service.database.run(sql`
      insert into cabinet.maintenance_window (starts_at, ends_at) values (now() - interval '1 hour', now() + interval '1 hour')`);
    await service.maintenance.refresh();
    const again = await client.post(path, form);
    expect([again.status, again.headers['location']]).toEqual([303, first.headers['location']]);
    expect((await client.post(path, other)).status).toBe(503);
    await service.database.run(sql`delete from cabinet.maintenance_window`);
    await service.maintenance.refresh();
  });
});
