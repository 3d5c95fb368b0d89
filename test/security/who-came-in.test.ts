import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type Client, injectClient } from '../support/client.ts';
import { openTestNca, type TestNca } from '../support/eds.ts';
import { signInByEds } from '../support/eds-visitor.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signIn } from '../support/signed-in.ts';

// Sessions and history name the way in, browser and system, and the network, so that a person
// recognises their own sign-ins.

const t = textsOf('kk');
const person = inventPerson(9_750);
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let nca: TestNca;
let service: TestService;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService({ ...nca.environment, TRUSTED_PROXIES: '127.0.0.1' });
  await service.enrol(person);
});

afterAll(async () => {
  await service.close();
  nca.close();
});

/** A client behind the proxy, which says from where the request came. */
function from(address: string): Client {
  const client = injectClient(service.server);
  const headers = { 'x-forwarded-for': address, 'user-agent': firefox };
  return {
    ...client,
    get: (path, more) => client.get(path, { ...headers, ...more }),
    post: (path, fields, more) => client.post(path, fields, { ...headers, ...more }),
  };
}

test('each session and sign-in says how, with what and from where', async () => {
  const byPassword = from('203.0.113.77');
  await signIn(byPassword, person);
  const byKey = from('2001:db8:77:1::5');
  expect((await signInByEds(byKey, nca.key(person))).status).toBe(303);

  const sessions = readPage((await byKey.get('/security')).body)
    .querySelectorAll('#sessions tbody tr')
    .map((row) => visibleText(row));
  expect(sessions).toHaveLength(2);
  expect(sessions[0]).toContain(`${t.security.eds} · 2001:db8:77:*`);
  expect(sessions[1]).toContain(`${t.security.password} · 203.0.113.*`);
  for (const session of sessions) expect(session).toContain('Firefox · Linux');

  const history = visibleText(readPage((await byKey.get('/history')).body));
  expect(history).toContain(`Кіру тәсілі: ${t.security.eds}`);
  expect(history).toContain('Желі: 2001:db8:77:*');
  expect(history).toContain(`Кіру тәсілі: ${t.security.password}`);
  expect(history).toContain('Желі: 203.0.113.*');
  expect(history).not.toContain('203.0.113.77');
});

test('a session of a former release, which kept no network, names the rest', async () => {
  const client = from('203.0.113.78');
  await signIn(client, person);
  await service.database.run(sql`update cabinet.session set network = null`);
  const page = readPage((await client.get('/security')).body);
  const own = visibleText(page.querySelector('#sessions tbody tr') ?? page);
  expect(own).toContain(t.security.password);
  expect(own).not.toContain('·  ');
  expect(own).not.toContain('null');
});
