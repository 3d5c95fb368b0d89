import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { injectClient } from '../support/client.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Requests that none of our pages makes, sent byte by byte because a client library would correct
// them.

const person = inventPerson(9_290);

let service: TestService;
let port: number;

beforeAll(async () => {
  service = await startService();
  await service.enrol(person);
  port = Number(new URL(await service.listen()).port);
});

afterAll(() => service.close());

/** Sends these lines as a request and returns the whole answer. */
async function send(...lines: string[]): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const [head = '', ...body] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: body.join('\r\n\r\n') };
}

const host = () => `Host: localhost:${port}`;
const cookies = (bytes: number) => `Cookie: language=ru; old=${'x'.repeat(bytes)}`;

describe('too many cookies', () => {
  test('are reported in the language of the browser, with a button that deletes them', async () => {
    const client = await signedIn(service, person);
    const jar = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const cookie = `${jar}; language=ru; old=${'x'.repeat(20_000)}; two=2`;
    const answer = await client.get('/services', { cookie });
    expect(answer.status).toBe(431);
    const t = textsOf('ru').problems;
    expect(heading(readPage(answer.body))).toBe(t[431].title);
    const form = formOf(answer.body, '/cookies/clear');
    expect(
      (await client.post('/cookies/clear', form, { cookie, origin: 'https://evil.example' })).status,
    ).toBe(403);
    const cleared = await client.post('/cookies/clear', form, { cookie });
    expect([cleared.status, cleared.headers['location']]).toEqual([303, '/']);
    expect(cleared.headers['clear-site-data']).toBe('"cookies"');
    for (const name of ['old', 'two', 'language', 'session'])
      expect(cleared.setCookies.some((one) => one.startsWith(`${name}=;`) && one.includes('Max-Age=0'))).toBe(
        true,
      );
    expect((await client.get('/services', { cookie: jar })).status).toBe(303);
  });

  test('no address deletes them, because another site could then sign people out', async () => {
    const long = await injectClient(service.server).get(`/sign-in?${'x'.repeat(20_000)}`);
    expect(long.status).toBe(400);
    expect(long.headers['clear-site-data']).toBeUndefined();
    const answer = await send(`GET /?${'x'.repeat(80_000)} HTTP/1.1`, host());
    expect(answer.status).toBe(431);
    expect(answer.head).not.toContain('clear-site-data');
  });

  test('over a real connection', async () => {
    const answer = await send('GET / HTTP/1.1', host(), cookies(20_000));
    expect(answer.status).toBe(431);
    expect(answer.head).toContain('content-type: text/html');
  });

  test('that cannot be read are answered in all languages', async () => {
    const answer = await send('GET / HTTP/1.1', host(), cookies(80_000));
    expect(answer.status).toBe(431);
    expect(answer.head).toContain("content-security-policy: default-src 'none'");
    for (const language of languages) {
      const { title, text } = textsOf(language).problems[431];
      expect(visibleText(readPage(answer.body))).toContain(title);
      expect(visibleText(readPage(answer.body))).toContain(text);
    }
  });
});

test('bytes that are not HTTP get a page too, and the service continues', async () => {
  const answer = await send('HELLO');
  expect(answer.status).toBe(400);
  expect(answer.body).toContain(textsOf('kk').problems[400].title);
  expect((await send('GET / HTTP/1.1', host())).status).toBe(200);
});

test.each(['/', '/health/live', '/nowhere'])('two Host headers are refused: %s', async (path) => {
  for (const second of [host(), 'HOST: evil.example']) {
    expect((await send(`GET ${path} HTTP/1.1`, host(), second)).status).toBe(400);
  }
});

describe('a slash at the end', () => {
  test.each([
    ['/sign-in/', '/sign-in'],
    ['/sign-in//?to=/history', '/sign-in?to=/history'],
    ['/services/requisites/', '/services/requisites'],
    ['/receipts/0123456789AB/', '/receipts/0123456789AB'],
  ])('%s leads to %s', async (from, to) => {
    const answer = await injectClient(service.server).get(from);
    expect([answer.status, answer.headers['location']]).toEqual([308, to]);
  });

  test.each(['//evil.example/', '/\\evil.example/', '/..//evil.example/', '/%2F/'])(
    '%s does not lead to another host',
    async (from) => {
      const { status, head } = await send(`GET ${from} HTTP/1.1`, host());
      expect([400, 404, 308]).toContain(status);
      const location = /^location: (.*)$/m.exec(head)?.[1];
      if (location !== undefined) expect(new URL(location, 'http://here.example').host).toBe('here.example');
    },
  );

  test('a form sent to such an address is not found', async () => {
    const client = await signedIn(service, person);
    expect((await client.post('/sign-out/', [])).status).toBe(404);
  });
});

test('a range after the end of a file is 416 with its size', async () => {
  const page = await injectClient(service.server).get('/sign-in');
  const css = readPage(page.body).querySelector('link[rel=stylesheet]')?.getAttribute('href') ?? '';
  const client = injectClient(service.server);
  const part = await client.get(css, { range: 'bytes=0-9', 'accept-encoding': undefined });
  expect([part.status, part.bytes.length]).toEqual([206, 10]);
  const beyond = await client.get(css, { range: 'bytes=99999999-', 'accept-encoding': undefined });
  expect(beyond.status).toBe(416);
  expect(beyond.headers['content-range']).toMatch(/^bytes \*\/\d+$/);
});

test('a password manager finds the page to change the password', async () => {
  const answer = await injectClient(service.server).get('/.well-known/change-password');
  expect([answer.status, answer.headers['location']]).toEqual([303, '/security']);
  const nothing = '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200';
  expect((await injectClient(service.server).get(nothing)).status).toBe(404);
});

test('a name that only begins like a loopback name is not one', async () => {
  for (const name of [
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.evil.example',
    'evil-localhost',
  ]) {
    const origin = `http://${name}:3000`;
    const client = injectClient(service.server, origin);
    const page = await client.get('/sign-in');
    expect(
      page.setCookies.filter((one) => one.includes('visit')).every((one) => one.startsWith('__Host-')),
    ).toBe(true);
    expect((await client.post('/sign-in', formOf(page.body, '/sign-in'))).status).toBe(403);
  }
});
