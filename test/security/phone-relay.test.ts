import type { Identity } from 'nca-verify/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBackUrl, type PhoneRun } from '../../packages/egov-mobile-double/src/index.ts';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import type { Client, Fields } from '../support/client.ts';
import { openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { readPage, submissions, visibleText } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import {
  beginPhone,
  browserAt,
  codeOn,
  cookiesOf,
  digitsOf,
  enterPhone,
  type ListeningService,
  linkOn,
  phonePath,
  playCode,
  scanByHand,
  stateOf,
} from '../support/phone-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn, signIn } from '../support/signed-in.ts';

// The attack on every sign-in by QR code: the attacker begins it, and makes somebody else sign it
// with their phone. Nothing can prevent the signature. What the attacker gets by it is tested here.

const attackersBrowser = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0';
const attackersNetwork = '203.0.113.7';

let nca: TestNca;
let at: ListeningService;
let people = 9_500;

beforeAll(async () => {
  nca = openTestNca();
  const service = await startService({ TRUSTED_PROXIES: '127.0.0.1', ...nca.environment }, { work: false });
  at = { service, origin: await service.listen() };
});

afterAll(async () => {
  await at.service.close();
  nca.close();
});

/** Somebody with a cabinet, a browser that knows them, and a key in their phone. */
async function victim(of: TestService = at.service): Promise<{ person: PersonLine; key: Identity }> {
  const person = inventPerson(people);
  people += 1;
  await of.enrol(person);
  return { person, key: nca.key(person) };
}

function attacker(of: ListeningService = at): Client {
  const client = browserAt(of, attackersBrowser);
  const from = { 'x-forwarded-for': attackersNetwork };
  return {
    cookies: client.cookies,
    get: (path, headers) => client.get(path, { ...from, ...headers }),
    post: (path, fields, headers) => client.post(path, fields, { ...from, ...headers }),
  };
}

/** What this browser can do: nothing, only read, or everything. It saves whatever its page says. */
async function power(client: Client): Promise<'nothing' | 'reads' | 'saves'> {
  const page = await client.get('/services/requisites');
  if (page.status !== 200) return 'nothing';
  const html = readPage(page.body);
  const form = submissions(html).find(({ action }) => action === '/services/requisites');
  if (!form) {
    // Without a form, what the form of an unrestricted session would have sent.
    const saved = await client.post('/services/requisites', [csrfOn(page.body), ...(await sentBefore())]);
    expect([saved.status, String(saved.headers['location']).split('?')[0]]).toEqual([303, '/security/prove']);
    return 'reads';
  }
  const apartment = String(people);
  people += 1;
  const fields = form.fields.map(
    ([name, value]) => [name, name === 'apartment' ? apartment : value] as const,
  );
  await client.post('/services/requisites', fields);
  const row = await at.service.database.first(sql`
    select from cabinet.requisites where apartment = ${apartment}`);
  return row === undefined ? 'reads' : 'saves';
}

/** The token of a form of this page. */
function csrfOn(html: string): readonly [string, string] {
  const value = readPage(html).querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  return ['csrf', value];
}

/** The fields of the form, as somebody else's page has them. */
async function sentBefore(): Promise<Fields> {
  const own = await victim();
  const other = await signedIn(at.service, own.person, at.origin);
  const page = await other.get('/services/requisites');
  const fields = formOf(page.body, '/services/requisites', { apartment: '77' });
  return fields.filter(([name]) => name !== 'csrf');
}

/** The whole text of the phone before its person signs. */
function seen({ shown }: PhoneRun): string {
  return shown?.documents.map((document) => document.shown).join('\n') ?? '';
}

describe('whoever begins it, the phone shows the browser and network of who asks', () => {
  test.each([
    ['a sent picture of the code', (page: string) => codeOn(page)],
    ['a sent link', (page: string) => linkOn(page)],
  ])('%s: the attacker reads at most, and cannot do more by trying again', async (_how, take) => {
    const { key } = await victim();
    const browser = attacker();
    for (const _time of [1, 2, 3]) {
      const run = await playCode(take(await beginPhone(browser)), key);
      expect(seen(run)).toContain('Браузер: Firefox · Linux');
      expect(seen(run)).toContain('Желі: 203.0.113.*');
      expect(seen(run)).toContain(kk.phone.document.decline);
      await enterPhone(browser);
      expect(await power(browser)).toBe('reads');
      expect(browser.cookies.has('device')).toBe(false);
      await browser.post('/sign-out', formOf((await browser.get('/services')).body, '/sign-out'));
    }
  });

  test('a live copy of the page relays the two digits and the six: the session still only reads', async () => {
    const { key } = await victim();
    const browser = attacker();
    const page = await beginPhone(browser);
    const run = await playCode(codeOn(page), key);
    expect(seen(run)).toContain(`Экрандағы сан: ${readPage(page).querySelector('.phone-digits b')?.text}`);
    const digits = await digitsOf(run);
    const entered = await browser.post(`${phonePath}/enter`, [
      ...formOf((await browser.get(phonePath)).body, `${phonePath}/enter`).filter(
        ([name]) => name !== 'code',
      ),
      ['code', digits],
    ]);
    expect(entered.status).toBe(303);
    expect(await power(browser)).toBe('reads');
    // Not even the second time, from the browser that has been in.
    await browser.post('/sign-out', formOf((await browser.get('/services')).body, '/sign-out'));
    await playCode(codeOn(await beginPhone(browser)), key);
    await enterPhone(browser);
    expect(await power(browser)).toBe('reads');
  });

  test("the attacker's own mark, and a mark of somebody else, count for nothing", async () => {
    const { key } = await victim();
    const own = await victim();
    const browser = attacker();
    await signIn(browser, own.person);
    await browser.post('/sign-out', formOf((await browser.get('/services')).body, '/sign-out'));
    expect(browser.cookies.has('device')).toBe(true);
    const run = await playCode(codeOn(await beginPhone(browser)), key);
    await enterPhone(browser);
    expect(await power(browser)).toBe('reads');
    expect(run.outcome).toBe('taken');
  });

  test('the victim is told of the new browser', async () => {
    const { person, key } = await victim();
    const browser = attacker();
    await playCode(codeOn(await beginPhone(browser)), key);
    await enterPhone(browser);
    const row = await at.service.database.first<{ n: number }>(sql`
      select count(*)::int as n from cabinet.outbox o join cabinet.holder h using (holder_id)
      where h.iin = ${person.iin} and o.payload::text like '%new-device%'`);
    expect(row?.n).toBeGreaterThan(0);
  });
});

describe('the way back leads the victim, not the attacker', () => {
  test('opening it changes nothing, and shows who waits; one button stops them, also afterwards', async () => {
    const { key } = await victim();
    const browser = attacker();
    const run = await playCode(linkOn(await beginPhone(browser)), key);
    const [one, two] = [await openBackUrl(run.backUrl ?? ''), await openBackUrl(run.backUrl ?? '')];
    expect(one.digits).toBe(two.digits);
    expect((await stateOf(browser)).state).toBe('done');
    const text = visibleText(readPage(one.html));
    for (const part of ['Firefox · Linux', '203.0.113.*', kk.phone.back.warning])
      expect(text).toContain(part);
    await enterPhone(browser);
    expect(await power(browser)).toBe('reads');
    const stopped = await two.press();
    expect([stopped.status, stopped.html.includes(kk.phone.back.stoppedTitle)]).toEqual([200, true]);
    expect(await power(browser)).toBe('nothing');
  });

  test('stopped before they come in, nobody comes in', async () => {
    const { key } = await victim();
    const browser = attacker();
    const run = await playCode(linkOn(await beginPhone(browser)), key);
    await (await openBackUrl(run.backUrl ?? '')).press();
    expect(visibleText(readPage((await browser.get(phonePath)).body))).toContain(kk.phone.stopped);
    const csrf = csrfOn((await browser.get(phonePath)).body);
    await browser.post(`${phonePath}/enter`, [csrf, ['action', 'read']]);
    expect(await power(browser)).toBe('nothing');
  });

  test('the secret is of no use in another browser, and an invented one leads nowhere', async () => {
    const { key } = await victim();
    const browser = attacker();
    const run = await playCode(codeOn(await beginPhone(browser)), key);
    const other = browserAt(at);
    const path = new URL(run.backUrl ?? '').pathname;
    await beginPhone(other);
    const page = await other.get(path);
    await other.post(
      path,
      formOf(page.body, path).filter(([name]) => name === 'csrf'),
    );
    expect(await power(other)).toBe('nothing');
    // Nor does it count as the way back to the browser that began.
    const row = await at.service.database.first(sql`
      select returned_at as "returnedAt" from cabinet.phone_attempt
      where state = 'done' order by started_at desc limit 1`);
    expect(row).toEqual({ returnedAt: null });
    const invented = await openBackUrl(`${at.origin}${phonePath}/return/${'A'.repeat(31)}`);
    expect(invented.digits).toBeUndefined();
    expect(invented.html).toContain(kk.phone.back.overTitle);
  });
});

describe('the six digits', () => {
  const type = async (browser: Client, code: string) => {
    const page = (await browser.get(phonePath)).body;
    const form = formOf(page, `${phonePath}/enter`).filter(([name]) => name !== 'code');
    return browser.post(`${phonePath}/enter`, [...form, ['code', code]]);
  };

  test('wrong three times: the attempt is over, and the right ones come too late', async () => {
    const { key } = await victim();
    const browser = attacker();
    const run = await playCode(codeOn(await beginPhone(browser)), key);
    const right = await digitsOf(run);
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0');
    const page = (await browser.get(phonePath)).body;
    const form = formOf(page, `${phonePath}/enter`).filter(([name]) => name !== 'code');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => browser.post(`${phonePath}/enter`, [...form, ['code', wrong]])),
    );
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(2);
    const row = await at.service.database.first<{ wrong: number; state: string }>(sql`
      select wrong_digits as wrong, state from cabinet.phone_attempt order by started_at desc limit 1`);
    expect(row).toEqual({ wrong: 3, state: 'refused' });
    await browser.post(`${phonePath}/enter`, [...form, ['code', right]]);
    expect(await power(browser)).toBe('nothing');
    expect(visibleText(readPage((await browser.get(phonePath)).body))).toContain(kk.phone.wrongDigits);
  });

  test('EGOV_MOBILE_RETURN=required: nobody comes in without them, and with them a new browser only reads', async () => {
    const service = await startService(
      { TRUSTED_PROXIES: '127.0.0.1', EGOV_MOBILE_RETURN: 'required', ...nca.environment },
      { work: false },
    );
    const there = { service, origin: await service.listen() };
    try {
      const { person, key } = await victim(service);
      const browser = attacker(there);
      const run = await playCode(codeOn(await beginPhone(browser)), key);
      const csrf = formOf((await browser.get(phonePath)).body, `${phonePath}/enter`).slice(0, 1);
      const without = await browser.post(`${phonePath}/enter`, [...csrf, ['action', 'read']]);
      expect(without.status).toBe(422);
      expect((await browser.get('/services')).status).toBe(303);
      expect((await type(browser, await digitsOf(run))).status).toBe(303);
      const row = await service.database.first<{ restricted: string }>(sql`
        select restricted from cabinet.session join cabinet.holder using (holder_id) where iin = ${person.iin}`);
      expect(row?.restricted).toBe('phone');
    } finally {
      await service.close();
    }
  });
});

describe('what a restricted session is worth', () => {
  /** A restricted session of this person, in a browser that does not know them. */
  const restricted = async (key: Identity) => {
    const browser = browserAt(at);
    await playCode(codeOn(await beginPhone(browser)), key);
    expect((await enterPhone(browser)).status).toBe(303);
    expect(await power(browser)).toBe('reads');
    return browser;
  };

  test('it sets no password and adds no way in', async () => {
    const browser = await restricted((await victim()).key);
    const csrf = csrfOn((await browser.get('/services')).body);
    for (const path of ['/security/password', '/security/sms-step', '/services/requisites/confirm']) {
      const answer = await browser.post(path, [csrf, ['password', 'кең дала тыныш өзен']]);
      const [to] = String(answer.headers['location']).split('?');
      expect([path, answer.status, to]).toEqual([path, 303, '/security/prove']);
    }
  });

  test('a cabinet that its holder has locked stays locked', async () => {
    const { person, key } = await victim();
    const owner = await signedIn(at.service, person, at.origin);
    await owner.post('/security/lock', [csrfOn((await owner.get('/security/lock')).body)]);
    const browser = attacker();
    await playCode(codeOn(await beginPhone(browser)), key);
    const entered = await enterPhone(browser);
    expect([entered.status, visibleText(readPage(entered.body)).includes(kk.phone.locked)]).toEqual([
      422,
      true,
    ]);
    expect(await power(browser)).toBe('nothing');
  });

  test('in a browser that knows the holder, a phone that has led back opens it', async () => {
    const { person, key } = await victim();
    const owner = await signedIn(at.service, person, at.origin);
    await owner.post('/security/lock', [csrfOn((await owner.get('/security/lock')).body)]);
    const run = await playCode(codeOn(await beginPhone(owner)), key);
    expect((await enterPhone(owner, await digitsOf(run))).status).toBe(303);
    expect(await power(owner)).toBe('saves');
  });

  test('in a browser that knows the holder, a phone that has not led back opens it only to read', async () => {
    const { person, key } = await victim();
    const owner = await signedIn(at.service, person, at.origin);
    await owner.post('/sign-out', formOf((await owner.get('/services')).body, '/sign-out'));
    // Somebody else at this browser makes the person sign where they are.
    await playCode(codeOn(await beginPhone(owner)), key);
    expect((await enterPhone(owner)).status).toBe(303);
    expect(await power(owner)).toBe('reads');
  });

  test('a password does not make it a whole one', async () => {
    const { key, person } = await victim();
    const browser = await restricted(key);
    const csrf = csrfOn((await browser.get('/security/prove')).body);
    const answer = await browser.post('/security/prove', [csrf, ['password', person.password ?? '']]);
    expect(answer.status).toBe(422);
    expect(await power(browser)).toBe('reads');
  });

  test('a signature with NCALayer does, and the browser is known from then on', async () => {
    const { key } = await victim();
    const browser = await restricted(key);
    const csrf = csrfOn((await browser.get('/security/prove')).body);
    const given = await browser.post('/security/prove/eds/challenge', [csrf]);
    const { id, data } = JSON.parse(given.body) as { id: string; data: string };
    const proved = await browser.post('/security/prove/eds', [
      csrf,
      ['id', id],
      ['signature', signChallenge(key, data)],
    ]);
    expect(proved.status).toBe(303);
    expect(await power(browser)).toBe('saves');
    await browser.post('/sign-out', formOf((await browser.get('/services')).body, '/sign-out'));
    const run = await playCode(codeOn(await beginPhone(browser)), key);
    await enterPhone(browser, await digitsOf(run));
    expect(await power(browser)).toBe('saves');
  });

  test('a code to the mobile on file does', async () => {
    const { person, key } = await victim();
    const browser = await restricted(key);
    const csrf = csrfOn((await browser.get('/security/prove')).body);
    expect((await browser.post('/security/prove', [csrf, ['action', 'send'], ['code', '']])).status).toBe(
      303,
    );
    const issued = await at.service.database.first<IssuedCode>(sql`
      select code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
      from cabinet.code join cabinet.holder using (holder_id) where iin = ${person.iin}`);
    if (!issued) throw new Error('no code was issued');
    const code = codeOf(at.service.keys, issued);
    await browser.post('/security/prove', [csrf, ['code', code]]);
    expect(await power(browser)).toBe('saves');
  });
});

describe('two phones, and what the browser is told', () => {
  test('the first phone that reads locks the code; whoever only saw it cannot sign', async () => {
    const [first, second] = [await victim(), await victim()];
    const browser = browserAt(at);
    const code = codeOn(await beginPhone(browser));
    const phone = await scanByHand(code, first.key);
    const other = await playCode(code, second.key);
    expect([other.outcome, other.status]).toEqual(['refused', 409]);
    expect((await phone.put()).status).toBe(200);
    const row = await at.service.database.first<{ iin: string }>(sql`
      select iin from cabinet.phone_attempt join cabinet.holder using (holder_id) order by started_at desc limit 1`);
    expect(row?.iin).toBe(first.person.iin);
  });

  test('the state names nobody, and only the browser that began learns it', async () => {
    const { person, key } = await victim();
    const browser = browserAt(at);
    await playCode(codeOn(await beginPhone(browser)), key);
    const answer = await browser.get(`${phonePath}/state`);
    expect(Object.keys(JSON.parse(answer.body) as object).sort()).toEqual(['left', 'state', 'trouble']);
    expect(answer.body + (await browser.get(phonePath)).body).not.toContain(person.iin);
    expect((await stateOf(browserAt(at))).state).toBe('gone');
    const copied = browserAt(at);
    for (const [name, value] of browser.cookies)
      if (name !== 'phone') (copied.cookies as Map<string, string>).set(name, value);
    expect((await stateOf(copied)).state).toBe('gone');
    expect(cookiesOf(copied)).not.toContain('phone=');
  });

  test('a browser starts a limited number in a row; phones are not counted', async () => {
    const browser = browserAt(at);
    for (let n = 0; n < 15; n += 1) await beginPhone(browser);
    const more = await browser.post(phonePath, [csrfOn((await browser.get(phonePath)).body)]);
    expect([more.status, more.headers['retry-after']]).toEqual([429, '600']);
    await beginPhone(browserAt(at));
  });
});
