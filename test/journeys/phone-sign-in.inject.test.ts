import type { Identity } from 'nca-verify/testing';
import decodeQR from 'qr/decode.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  keyKindOf,
  MODE_NAMES,
  type Mode,
  openBackUrl,
  readRequest,
} from '../../packages/egov-mobile-double/src/index.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import type { Client } from '../support/client.ts';
import { holdingResponder, openTestNca, type TestNca } from '../support/eds.ts';
import { readPage, visibleText } from '../support/page.ts';
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
import { startService } from '../support/service.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// Signing in with the phone over HTTP: what the app does, and everything that it must not do.

const person = inventPerson(9_400);
const stranger = { iin: '880808301002', surname: 'БЕЙТАНЫС', name: 'АДАМ' };
const day = 86_400_000;

let nca: TestNca;
let at: ListeningService;
let keys: Readonly<Record<ReturnType<typeof keyKindOf>, Identity>>;

beforeAll(async () => {
  nca = openTestNca();
  const service = await startService(nca.environment);
  await service.enrol(person);
  at = { service, origin: await service.listen() };
  const revoked = nca.key(person);
  nca.revoke(revoked);
  keys = {
    person: nca.key(person),
    stranger: nca.key(stranger),
    firm: nca.key(person, { profile: 'head' }),
    revoked,
    expired: nca.key(person, {
      notBefore: new Date(Date.now() - 9 * day),
      notAfter: new Date(Date.now() - day),
    }),
    authentication: nca.key(person, { profile: 'authentication' }),
  };
});

afterAll(async () => {
  await at.service.close();
  nca.close();
});

/** Ends the time of every attempt. */
const endTime = () =>
  at.service.database.run(sql`
    update cabinet.phone_attempt
    set started_at = started_at - interval '4 minutes', expires_at = now() - interval '1 second'`);

async function sessions(): Promise<number> {
  const row = await at.service.database.first<{ n: number }>(sql`
    select count(*)::int as n from cabinet.session join cabinet.holder using (holder_id)
    where iin = ${person.iin} and method = 'phone'`);
  return row?.n ?? 0;
}

/** How many signatures were kept. */
async function evidence(): Promise<number> {
  const row = await at.service.database.first<{ n: number }>(sql`
    select count(*)::int as n from cabinet.eds_evidence`);
  return row?.n ?? 0;
}

/** A browser in which this person has signed in before, and out again. */
async function knownBrowser(of: PersonLine = person): Promise<Client> {
  const client = browserAt(at);
  await signIn(client, of);
  const page = await client.get('/services');
  await client.post('/sign-out', formOf(page.body, '/sign-out'));
  return client;
}

/** The statuses of all calls of a phone: API №1, reading, sending. 0: the connection was cut. */
const expected: Readonly<Record<Mode, readonly number[]>> = {
  ok: [200, 200, 200],
  decline: [200, 200],
  slow: [200, 200, 200],
  twice: [200, 200, 200, 200],
  'twice-other': [200, 200, 200, 409],
  lost: [200, 200, 0, 200],
  tampered: [200, 200, 403],
  'other-content': [200, 200, 403],
  'detached-for-attached': [200, 200, 403],
  'wrong-key': [200, 200, 403],
  firm: [200, 200, 403],
  revoked: [200, 200, 403],
  'expired-cert': [200, 200, 403],
  'auth-key': [200, 200, 200],
  'no-token': [200, 401, 200, 401],
  'bad-token': [200, 200, 401],
  late: [200, 200, 403],
  'old-app': [200, 200, 200],
  'line-breaks': [200, 200, 200],
  pem: [200, 200, 200],
  'with-timestamp': [200, 200, 200],
  'bad-timestamp': [200, 200, 403],
  'second-phone': [200, 409],
  garbage: [200, 200, 403],
  huge: [200, 200, 413],
};

/** What the browser is told, by the path of the text. A taken signature opens one session. */
const shown: Readonly<Record<Mode, (t: ReturnType<typeof textsOf>) => string>> = {
  ok: (t) => t.phone.done.title,
  decline: (t) => t.phone.scanned.title,
  slow: (t) => t.phone.done.title,
  twice: (t) => t.phone.done.title,
  'twice-other': (t) => t.phone.done.title,
  lost: (t) => t.phone.done.title,
  tampered: (t) => t.phone.badMessage,
  'other-content': (t) => t.phone.badMessage,
  'detached-for-attached': (t) => t.phone.badMessage,
  'wrong-key': (t) => t.eds.reasons.unknownPerson,
  firm: (t) => t.eds.reasons.notIndividual,
  revoked: (t) => t.eds.reasons.revoked,
  'expired-cert': (t) => t.eds.reasons.expired,
  'auth-key': (t) => t.phone.done.title,
  'no-token': (t) => t.phone.trouble.token,
  'bad-token': (t) => t.phone.trouble.token,
  late: (t) => t.phone.expired.title,
  'old-app': (t) => t.phone.done.title,
  'line-breaks': (t) => t.phone.done.title,
  pem: (t) => t.phone.done.title,
  'with-timestamp': (t) => t.phone.done.title,
  'bad-timestamp': (t) => t.phone.badMessage,
  'second-phone': (t) => t.phone.trouble.otherPhone,
  garbage: (t) => t.phone.badMessage,
  huge: (t) => t.phone.badMessage,
};

describe('every way in which a phone behaves', () => {
  test.each(MODE_NAMES)('%s', async (mode) => {
    const client = await knownBrowser();
    const before = await sessions();
    const code = codeOn(await beginPhone(client));
    const wait = async () => void (mode === 'late' && (await endTime()));
    const run = await playCode(code, keys[keyKindOf(mode)], mode, { wait });
    expect(run.calls.map(({ status }) => status)).toEqual(expected[mode]);

    const taken = expected[mode].includes(200, 2) && mode !== 'no-token';
    for (const language of languages) {
      const [csrf] = formOf((await client.get(phonePath)).body, '/language');
      await client.post('/language', [csrf ?? ['csrf', ''], ['language', language]]);
      const t = textsOf(language);
      expect(visibleText(readPage((await client.get(phonePath)).body))).toContain(shown[mode](t));
    }
    if (run.outcome === 'refused' && mode !== 'twice-other')
      expect(run.message).toMatch(/[А-Яа-яӘәІіҢңҒғҮүҰұҚқӨөҺһ]/);
    const entered = await client.post(`${phonePath}/enter`, [
      ...formOf((await client.get(phonePath)).body, '/language').slice(0, 1),
      ['action', 'read'],
    ]);
    expect([entered.status, entered.headers['location']]).toEqual([303, taken ? '/services' : phonePath]);
    expect((await client.get('/services')).status).toBe(taken ? 200 : 303);
    expect((await sessions()) - before).toBe(taken ? 1 : 0);
  });
});

describe('what the phone is asked', () => {
  test('API №1 and API №2 have every member, and the text can be read', async () => {
    const client = browserAt(at, 'Mozilla/5.0 (Windows NT 10.0) Chrome/130.0');
    const page = await beginPhone(client);
    const run = await playCode(codeOn(page), keys.person, 'decline', { language: 'ru' });
    const { request, documents } = run.shown ?? {};
    expect(request?.organisation).toEqual({
      nameKz: '«БЖЗҚ» АҚ',
      nameRu: 'АО «ЕНПФ»',
      nameEn: 'UAPF JSC',
      bin: '000000000000',
    });
    expect(request?.description.length).toBeLessThan(250);
    const left = (request?.expiresAt.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(170_000);
    expect(left).toBeLessThan(181_000);
    expect(documents).toHaveLength(1);
    const text = documents?.[0]?.shown ?? '';
    const digits = readPage(page).querySelector('.phone-digits b')?.text;
    expect(text.split('\n')[0]).toBe('Вход в личный кабинет ЕНПФ');
    for (const part of [
      'Если Вы не открывали эту страницу, откажитесь!',
      `Число на экране: ${digits}`,
      'Браузер: Chrome · Windows',
      'Сеть: 127.0.0.*',
      `Сайт: ${new URL(at.origin).host}`,
      'purpose: sign-in',
    ])
      expect(text).toContain(part);
    expect(text).toMatch(/^nonce: [\w-]{43}$/m);
    const longest = Math.max(...(text.split('\n\n')[0] ?? '').split('\n').map((line) => line.length));
    expect(longest).toBeLessThanOrEqual(48);
  });

  test('an app that names no language is answered in Kazakh and Russian', async () => {
    const run = await playCode(codeOn(await beginPhone(browserAt(at))), keys.person, 'old-app');
    expect(run.shown?.request.description).toMatch(
      /^БЖЗҚ жеке кабинетіне кіру.* \/ Вход в личный кабинет ЕНПФ/,
    );
    expect(run.shown?.documents[0]?.shown).toContain('бас тартыңыз!');
    expect(run.shown?.documents[0]?.shown).toContain('откажитесь!');
  });

  test('the QR code holds the address of the link, and is dark on light', async () => {
    const page = readPage(await beginPhone(browserAt(at)));
    const svg = page.querySelector('#scan svg');
    const size = Number(svg?.getAttribute('viewBox')?.split(' ')[2]);
    const [light, dark] = svg?.querySelectorAll('path') ?? [];
    expect([light?.getAttribute('fill'), dark?.getAttribute('fill')]).toEqual(['#fff', '#000']);
    expect(decodeQR(bitmapOf(dark?.getAttribute('d') ?? '', size))).toBe(codeOn(page.toString()));
    expect(codeOn(page.toString()).length).toBeLessThan(110);
    expect(linkOn(page.toString())).toMatch(
      /^https:\/\/m\.egov\.kz\/mobileSign\/\?link=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fegov%2F[\w-]{32}%2FmgovSign$/,
    );
  });

  test('a phone that reads twice gets the same bytes; each first call gets a token of its own', async () => {
    const address = codeOn(await beginPhone(browserAt(at))).slice('mobileSign:'.length);
    const ask = async () =>
      readRequest(await (await fetch(address)).json(), new Date(), {
        allowedHosts: ['127.0.0.1'],
        allowLocalHttp: true,
      });
    const [first, second] = [await ask(), await ask()];
    expect(first.token).not.toBe(second.token);
    const read = async (token: string) => {
      const answer = await fetch(first.documents, { headers: { authorization: `Bearer ${token}` } });
      return [answer.status, await answer.text()];
    };
    const once = await read(first.token);
    expect(once[0]).toBe(200);
    expect(await read(first.token)).toEqual(once);
    expect((await read(second.token))[0]).toBe(409);
  });

  test('nothing is there before anything was read, or at an invented address', async () => {
    const address = codeOn(await beginPhone(browserAt(at))).slice('mobileSign:'.length);
    const { token, documents } = readRequest(await (await fetch(address)).json(), new Date(), {
      allowedHosts: ['127.0.0.1'],
      allowLocalHttp: true,
    });
    const put = (url: URL, body: string, headers: Record<string, string> = {}) =>
      fetch(url, {
        method: 'PUT',
        body,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      });
    expect((await put(documents, '{}')).status).toBe(409);
    expect((await put(documents, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    const other = (id: string) => new URL(documents.href.replace(/egov\/[\w-]+/, `egov/${id}`));
    const invented = 'A'.repeat(32);
    expect((await put(other(invented), '{}')).status).toBe(404);
    expect((await fetch(other(invented).href.replace('documents', 'mgovSign'))).status).toBe(404);
    const answer = await fetch(other('x'), { headers: { 'accept-language': 'en' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'application/json; charset=utf-8',
    ]);
    expect(await answer.json()).toEqual({ message: textsOf('en').phone.api.unknown });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('the QR code', () => {
  const grow = (seconds: number) =>
    at.service.database.run(sql`
      update cabinet.phone_attempt set started_at = started_at - make_interval(secs => ${seconds})
      where state = 'waiting'`);

  test('changes every 40 seconds; the former one works for a moment, and then says what to do', async () => {
    const client = browserAt(at);
    const former = codeOn(await beginPhone(client));
    await grow(41);
    const next = codeOn((await client.get(phonePath)).body);
    expect(next).not.toBe(former);
    const state = await client.get(`${phonePath}/state?turn=0`, { accept: 'application/json' });
    expect(JSON.parse(state.body)).toMatchObject({
      state: 'waiting',
      code: { turn: 1, link: linkOn((await client.get(phonePath)).body) },
    });
    expect((await playCode(former, keys.person, 'decline')).outcome).toBe('declined');
    const second = browserAt(at);
    const old = codeOn(await beginPhone(second));
    await grow(41 + 16);
    const run = await playCode(old, keys.person);
    expect(run).toMatchObject({
      outcome: 'refused',
      status: 410,
      message: textsOf('kk').phone.api.formerCode,
    });
    expect((await playCode(codeOn((await second.get(phonePath)).body), keys.person)).outcome).toBe('taken');
  });
});

describe('the way back', () => {
  test('on the same phone, one button opens the whole cabinet in a known browser', async () => {
    const client = await knownBrowser();
    const run = await playCode(codeOn(await beginPhone(client)), keys.person);
    const page = await openBackUrl(run.backUrl ?? '', { cookies: cookiesOf(client) });
    expect(page.digits).toBeUndefined();
    const pressed = await page.press();
    expect([pressed.status, pressed.location]).toEqual([303, '/services']);
    expect(pressed.setCookies.some((cookie) => cookie.startsWith('session='))).toBe(true);
    expect((await stateOf(client)).state).toBe('gone');
  });

  test('on another screen, the six digits open it in the tab', async () => {
    const client = await knownBrowser();
    const run = await playCode(codeOn(await beginPhone(client)), keys.person);
    expect((await enterPhone(client, '')).status).toBe(422);
    const entered = await enterPhone(client, await digitsOf(run));
    expect([entered.status, entered.headers['location']]).toEqual([303, '/services']);
    expect((await client.get('/services/requisites')).status).toBe(200);
  });

  test('a tab that was closed goes on where it was', async () => {
    const client = await knownBrowser();
    await beginPhone(client);
    const again = (await client.get(phonePath)).body;
    expect((await playCode(codeOn(again), keys.person)).outcome).toBe('taken');
    expect(visibleText(readPage((await client.get(phonePath)).body))).toContain(
      textsOf('kk').phone.done.title,
    );
  });

  test('leads to the page that the person wanted', async () => {
    const client = await knownBrowser();
    const run = await playCode(codeOn(await beginPhone(client, '/sign-in?to=%2Fhistory')), keys.person);
    const entered = await enterPhone(client, await digitsOf(run));
    expect(entered.headers['location']).toBe('/history');
  });
});

describe('two processes behind one database', () => {
  test('the phone asks one and answers the other, and the browser polls both', async () => {
    const other = await at.service.anotherProcess();
    const elsewhere = await other.listen({ host: '127.0.0.1', port: 0 });
    const client = await knownBrowser();
    const phone = await scanByHand(codeOn(await beginPhone(client)), keys.person);
    const states = async () => {
      const headers = { cookie: cookiesOf(client) };
      const asked = [at.origin, elsewhere].map(
        async (origin) =>
          (await (await fetch(`${origin}${phonePath}/state`, { headers })).json()) as { state: string },
      );
      return (await Promise.all(asked)).map(({ state }) => state);
    };
    expect(await states()).toEqual(['scanned', 'scanned']);
    const kept = await evidence();
    // At the same time, as after a lost connection.
    const answers = await Promise.all([phone.put(elsewhere), phone.put(at.origin), phone.put(elsewhere)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await states()).toEqual(['done', 'done']);
    const before = await sessions();
    expect((await enterPhone(client)).status).toBe(303);
    expect((await phone.put(elsewhere)).status).toBe(200);
    expect(await sessions()).toBe(before + 1);
    expect((await evidence()) - kept).toBe(1);
  });

  test('one dies while it judges: the phone sends the signature again, and it is judged', async () => {
    const client = await knownBrowser();
    const phone = await scanByHand(codeOn(await beginPhone(client)), keys.person);
    await at.service.database.run(sql`
      update cabinet.phone_attempt set state = 'checking', answer_hash = decode(repeat('00', 32), 'hex'),
        checking_since = now() - interval '31 seconds'
      where state = 'scanned' and expires_at > now()`);
    expect((await phone.put()).status).toBe(200);
    expect((await stateOf(client)).state).toBe('done');
  });
});

test('while the certificate cannot be checked, the phone is told so, and the same signature works later', async () => {
  const responder = await holdingResponder(nca);
  const { EDS_TRUST = '' } = nca.environment;
  const service = await startService({
    EDS_TRUST,
    EDS_OCSP_URL: responder.url,
    EDS_CRL_DIR: `${EDS_TRUST}/none`,
  });
  await service.enrol(person);
  const there = { service, origin: await service.listen() };
  try {
    const client = browserAt(there);
    const phone = await scanByHand(codeOn(await beginPhone(client)), keys.person);
    responder.fail(true);
    const first = await phone.put();
    expect([first.status, first.headers.has('retry-after')]).toEqual([503, true]);
    expect(((await first.json()) as { message: string }).message).toContain('тексеру мүмкін емес');
    expect((await stateOf(client)).state).toBe('scanned');
    responder.fail(false);
    expect((await phone.put()).status).toBe(200);
    expect((await enterPhone(client)).status).toBe(303);
  } finally {
    await service.close();
    await responder.close();
  }
});

test('what a phone sends and gets is in no log line', async () => {
  const client = browserAt(at);
  const run = await playCode(codeOn(await beginPhone(client)), keys.person);
  const secret = run.backUrl?.split('/').at(-1) ?? 'none';
  await openBackUrl(run.backUrl ?? '');
  const log = at.service.logLines.join('\n');
  expect(log).toContain('"/sign-in/phone/return/:key"');
  expect(log).not.toContain(secret);
  expect(log).not.toContain(run.shown?.request.token ?? 'none');
  expect(log).not.toContain(client.cookies.get('phone') ?? 'none');
});

/** The pixels of a path of rectangles, four for each module. */
function bitmapOf(path: string, size: number): { width: number; height: number; data: Uint8ClampedArray } {
  const scale = 4;
  const width = size * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = 0; row < scale; row += 1)
      for (let column = 0; column < Number(length) * scale; column += 1) {
        const at = ((Number(y) * scale + row) * width + Number(x) * scale + column) * 4;
        data.fill(0, at, at + 3);
      }
  }
  return { width, height: width, data };
}
