import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPlace } from '../../src/receipt/place.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { startBrowser } from '../support/browser-visitor.ts';
import { injectClient } from '../support/client.ts';
import { openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Anybody checks a receipt in a browser, on the page of the service or by the page as a file on a
// disk. The page sends nothing.

const t = textsOf('kk');
const person = inventPerson(9_995);
const requisites = '/services/requisites';

let nca: TestNca;
let service: TestService;
let origin: string;
let browser: Browser;
let folder: string;
/** Paths of the files that people choose. */
const files: Record<string, string> = {};

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  origin = await service.listen();
  browser = await startBrowser();
  folder = await mkdtemp(join(tmpdir(), 'kabinet-check-'));
  await service.enrol(person);
  const client = await signedIn(service, person);
  const form = await client.get(requisites);
  const saved = await client.post(requisites, formOf(form.body, requisites, { apartment: '77' }));
  const { bytes } = await client.get(`${saved.headers['location']}.pdf`);
  const place = findPlace(bytes);
  if (!place) throw new Error('the receipt has no seal');
  const drawing = Buffer.from(bytes);
  drawing[600] = (drawing[600] as number) ^ 1;
  const seal = Buffer.from(bytes);
  seal.write('AAAAAAAAAA', place.offset + 400, 'latin1');
  const content = Buffer.from('signed text').toString('base64');
  for (const [name, file] of Object.entries({
    'right.pdf': bytes,
    'altered.pdf': drawing,
    'broken.pdf': seal,
    'bare.pdf': Buffer.from('%PDF-1.7\nno seal'),
    'large.pdf': Buffer.alloc(5_000_001, '%PDF-'),
    'text.txt': Buffer.from('neither'),
    'right.cms': Buffer.from(signChallenge(nca.key(person), content)),
    'check.html': (await injectClient(service.server).get('/check.html?language=kk')).bytes,
  })) {
    files[name] = join(folder, name);
    await writeFile(files[name], file);
  }
});

afterAll(async () => {
  await browser.close();
  await service.close();
  nca.close();
  await rm(folder, { recursive: true });
});

async function choose(page: Page, name: string): Promise<string> {
  await page.locator('#check-file').setInputFiles(files[name] ?? '');
  await page.locator('#check-result').waitFor({ state: 'visible' });
  const shown = await page.evaluate<string>("document.querySelector('#check-result').innerText");
  return shown.replace(/\s+/g, ' ');
}

const outcomes: readonly (readonly [file: string, verdict: string])[] = [
  ['right.pdf', t.check.verdicts.sealed],
  ['altered.pdf', t.check.verdicts.altered],
  ['broken.pdf', t.check.verdicts.broken],
  ['bare.pdf', t.check.verdicts.noSeal],
  ['large.pdf', t.check.verdicts.tooLarge],
  ['text.txt', t.check.verdicts.notSigned],
  ['right.cms', t.check.verdicts.signed],
];

describe.each(['on the page', 'by the file on a disk'])('%s', (where) => {
  test('every kind of file gets its verdict, and no request leaves the page', async () => {
    const page = await browser.newPage();
    const requests: string[] = [];
    try {
      await page.goto(
        where === 'on the page'
          ? `${origin}/check?language=kk`
          : pathToFileURL(files['check.html'] ?? '').href,
      );
      await page.locator('#check').waitFor({ state: 'visible' });
      page.on('request', (request) => requests.push(request.url()));
      for (const [file, verdict] of outcomes) {
        const text = await choose(page, file);
        expect([file, text]).toEqual([file, expect.stringContaining(verdict)]);
        const others = outcomes.map(([, other]) => other).filter((other) => other !== verdict);
        for (const other of others) expect(text).not.toContain(other);
      }
      const right = await choose(page, 'right.pdf');
      for (const part of ['77', person.surname, t.check.notes['log-promised'], t.requisites.apartment])
        expect(right).toContain(part);
      expect(await choose(page, 'right.cms')).toContain(t.check.notes.notRevocation);
      expect(requests).toEqual([]);
    } finally {
      await page.close();
    }
  });
});

test('the policy of the page lets nothing out, and the page asks nobody who they are', async () => {
  const { headers, setCookies, body } = await injectClient(service.server).get('/check');
  const policy = String(headers['content-security-policy']);
  for (const part of ["connect-src 'none'", "form-action 'none'", "default-src 'none'"])
    expect(policy).toContain(part);
  expect(body).not.toContain('<form');
  expect(setCookies.filter((cookie) => /session/.test(cookie))).toEqual([]);
  const other = await injectClient(service.server).get('/');
  expect(String(other.headers['content-security-policy'])).not.toContain('wasm-unsafe-eval');
});

test.each(languages)('the page speaks %s, and says without scripts what is needed', async (language) => {
  const words = textsOf(language);
  const { body } = await injectClient(service.server).get(`/check?language=${language}`);
  expect(body).toContain(`<html lang="${language}"`);
  expect(body).toContain(words.check.title);
  expect(body).toContain(words.check.needsScript);
  expect(body).toContain('npx --no-install kabinet check FILE');
});
