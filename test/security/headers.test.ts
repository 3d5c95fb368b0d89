import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { readPage } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// The headers protect a page on every route, for everybody, and on error pages.

const person = inventPerson(9_030);
const publicOrigin = 'https://cabinet.example.kz';

let local: TestService;
let live: TestService;

beforeAll(async () => {
  local = await startService();
  live = await startService({ PUBLIC_URL: publicOrigin });
  for (const service of [local, live]) await service.enrol(person);
});

afterAll(async () => {
  await local.close();
  await live.close();
});

/** An answer of every route as this client gets it, and of some errors. */
async function answers(service: TestService, client: Client): Promise<[string, Answered][]> {
  const found: [string, Answered][] = [];
  for (const { method, access, url } of service.routes) {
    if (access === 'machine' || method === 'HEAD') continue;
    const path = url.replace(/:[a-z]+/gi, '0123456789AB');
    found.push([`${method} ${url}`, method === 'GET' ? await client.get(path) : await client.post(path, [])]);
  }
  found.push(['404', await client.get('/nowhere')]);
  found.push(['413', await client.post('/sign-in', [['iin', '1'.repeat(100_000)]])]);
  found.push(['415', await client.post('/sign-in', [], { 'content-type': 'text/plain' })]);
  found.push(['a broken address', await client.get('/receipts/%E0%A4%A')]);
  return found;
}

function policy(answer: Answered): Map<string, string> {
  const text = String(answer.headers['content-security-policy']);
  return new Map(
    text.split(';').map((directive) => {
      const [name = '', ...values] = directive.trim().split(/\s+/);
      return [name, values.join(' ')];
    }),
  );
}

describe.each([
  ['on a laptop', () => local, undefined],
  ['behind TLS', () => live, publicOrigin],
] as const)('%s', (_where, running, origin) => {
  test('every page has the protecting headers, signed in or not', async () => {
    const service = running();
    for (const client of [injectClient(service.server, origin), await signedIn(service, person, origin)]) {
      for (const [name, answer] of await answers(service, client)) {
        const { headers } = answer;
        expect(headers['cache-control'], name).toBe('no-store');
        expect(headers['x-content-type-options'], name).toBe('nosniff');
        expect(headers['referrer-policy'], name).toBe('same-origin');
        expect(headers['cross-origin-opener-policy'], name).toBe('same-origin');
        expect(headers['x-frame-options'], name).toBe('DENY');
        expect(headers['access-control-allow-origin'], name).toBeUndefined();
        expect(headers['x-powered-by'], name).toBeUndefined();
        expect(headers['server'], name).toBeUndefined();
        const directives = policy(answer);
        expect(directives.get('default-src'), name).toBe("'none'");
        // The page that checks receipts computes by WebAssembly, and sends nothing at all.
        const isCheck = name === 'GET /check';
        expect(directives.get('script-src'), name).toBe(isCheck ? "'self' 'wasm-unsafe-eval'" : "'self'");
        expect(directives.get('style-src'), name).toBe("'self'");
        expect(directives.get('form-action'), name).toBe(isCheck ? "'none'" : "'self'");
        expect(directives.get('frame-ancestors'), name).toBe("'none'");
        expect(directives.get('base-uri'), name).toBe("'none'");
        const policyText = String(headers['content-security-policy']).replace("'wasm-unsafe-eval'", '');
        expect(policyText, name).not.toMatch(/unsafe|\*|data:|http:/);
      }
    }
  });

  test('no page contains an inline script, style or handler', async () => {
    const service = running();
    for (const client of [injectClient(service.server, origin), await signedIn(service, person, origin)]) {
      for (const [name, { headers, body }] of await answers(service, client)) {
        if (!String(headers['content-type']).startsWith('text/html')) continue;
        // A file to be kept, in which everything stands. Opened from here, its script does not run.
        if (String(headers['content-disposition']).startsWith('attachment')) continue;
        const page = readPage(body);
        expect(page.querySelectorAll('style, [style], iframe, object, embed, base').length, name).toBe(0);
        expect(page.querySelectorAll('script').filter((one) => one.text.trim() !== '').length, name).toBe(0);
        expect(body, name).not.toMatch(/<[^>]+\son[a-z]+=/i);
        expect(body, name).not.toMatch(/javascript:/i);
      }
    }
  });
});

describe('behind TLS', () => {
  test('every page requires TLS for at least a year', async () => {
    const client = await signedIn(live, person, publicOrigin);
    for (const [name, { headers }] of await answers(live, client)) {
      const value = String(headers['strict-transport-security']);
      expect(Number(/max-age=(\d+)/.exec(value)?.[1]), name).toBeGreaterThanOrEqual(31_536_000);
      expect(value, name).toContain('includeSubDomains');
    }
  });

  test('scripts, other sites and plain connections cannot get any cookie', async () => {
    const client = injectClient(live.server, publicOrigin);
    const page = await client.get('/sign-in');
    const form = formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
    const answer = await client.post('/sign-in', [...form, ['remember', '1']]);
    const russian = await client.post('/language', formOf((await client.get('/services')).body, '/language'));
    const cookies = [...page.setCookies, ...answer.setCookies, ...russian.setCookies];
    expect(cookies.length).toBeGreaterThan(3);
    for (const cookie of cookies) {
      expect(cookie).toContain('HttpOnly');
      expect(cookie).toMatch(/SameSite=(Lax|Strict)/);
      expect(cookie).toContain('Path=/');
      expect(cookie).toContain('Secure');
      expect(cookie).not.toMatch(/domain=/i);
      if (!/^(?:language|spoken)=/.test(cookie)) expect(cookie).toMatch(/^__Host-/);
    }
  });

  test('the origin of a form is the public one, whatever Host says', async () => {
    const client = injectClient(live.server, publicOrigin);
    const page = await client.get('/sign-in');
    const form = formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
    const evil = { host: 'evil.example', origin: 'https://evil.example' };
    expect((await client.post('/sign-in', form, evil)).status).toBe(403);
    expect((await client.post('/sign-in', form)).status).toBe(303);
  });
});

describe('on a laptop', () => {
  test('nothing requires TLS, and cookies work without it', async () => {
    const client = injectClient(local.server);
    const page = await client.get('/sign-in');
    expect(page.headers['strict-transport-security']).toBeUndefined();
    expect(page.setCookies.join()).not.toContain('Secure');
  });

  test('signing out clears the cache and keeps the language', async () => {
    const client = await signedIn(local, person);
    const answer = await client.post('/sign-out', formOf((await client.get('/services')).body, '/sign-out'));
    expect(answer.headers['clear-site-data']).toBe('"cache"');
    expect(client.cookies.get('session')).toBeUndefined();
  });

  test('static files are named by their content and cached for a year', async () => {
    const client = injectClient(local.server);
    const page = readPage((await client.get('/')).body);
    const files = page
      .querySelectorAll('link[href], script[src]')
      .map((one) => one.getAttribute('href') ?? one.getAttribute('src') ?? '');
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const { status, headers } = await client.get(file, { 'accept-encoding': 'br' });
      expect(status, file).toBe(200);
      expect(file).toMatch(/^\/assets\/[a-z-]+-[\w-]{8,}\.(css|js|svg)$/);
      expect(headers['cache-control'], file).toBe('public, max-age=31536000, immutable');
      expect(headers['x-content-type-options'], file).toBe('nosniff');
      expect(headers['content-encoding'], file).toBe('br');
      expect(headers['set-cookie'], file).toBeUndefined();
    }
  });
});
