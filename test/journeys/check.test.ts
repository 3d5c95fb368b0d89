import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { startBrowser } from '../support/browser-visitor.ts';
import { type CheckWorld, openCheckWorld } from '../support/check-world.ts';
import { injectClient } from '../support/client.ts';
import { kabinet } from '../support/kabinet.ts';
import { type CheckTab, checkJourneys, checkPlaces, checkWithoutNetwork } from './scenarios/check.ts';

// The journeys of the page that checks, in Chromium. test/complete/check.test.ts has Firefox.

const t = textsOf('kk');

let world: CheckWorld;
let browser: Browser;

beforeAll(async () => {
  world = await openCheckWorld(9_995);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await world.close();
});

async function openTab(): Promise<CheckTab> {
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  // What the policy refused is no request, and the browser complains of it.
  page.on('console', (message) => message.type() === 'error' && requests.push(message.text()));
  return {
    async open(url) {
      await page.goto(url);
      requests.length = 0;
    },
    choose: (selector, path) => page.locator(selector).setInputFiles(path),
    type: (selector, text) => page.locator(selector).fill(text),
    press: (key) => page.keyboard.press(key),
    read: <Value>(expression: string) => page.evaluate<Value>(expression),
    until: (expression) =>
      vi.waitFor(async () => expect(await page.evaluate<boolean>(expression), expression).toBe(true), {
        timeout: 15_000,
        interval: 20,
      }),
    requests: () => requests,
    close: () => page.close(),
  };
}

describe.each(checkPlaces)('%s', (place) => {
  test.each(checkJourneys)('$name', async ({ run }) => {
    const tab = await openTab();
    try {
      await run(tab, world, place);
    } finally {
      await tab.close();
    }
  });
});

test('the command comes to the same as the page about a signature', async () => {
  const run = (file: string) =>
    kabinet(world.service.connection, ['check', world.path(file), '--trust', world.trust]);
  expect(await run('expired-stamped.cms')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /trustedTime: 20[\s\S]*could not be checked: whether the certificate was revoked/,
    ),
  });
  expect(await run('expired.cms')).toMatchObject({ code: 1, err: expect.stringContaining('reason-expired') });
});

test('the page goes on after its server has gone', async () => {
  const tab = await openTab();
  try {
    await checkWithoutNetwork(tab, world);
  } finally {
    await tab.close();
  }
});

test('the policy of the page lets nothing out, and the page asks nobody who they are', async () => {
  const { headers, setCookies, body } = await injectClient(world.service.server).get('/check');
  const policy = String(headers['content-security-policy']);
  for (const part of ["connect-src 'none'", "form-action 'none'", "default-src 'none'"])
    expect(policy).toContain(part);
  expect(body).not.toContain('<form');
  expect(setCookies.filter((cookie) => /session/.test(cookie))).toEqual([]);
  const other = await injectClient(world.service.server).get('/');
  expect(String(other.headers['content-security-policy'])).not.toContain('wasm-unsafe-eval');
});

test('without scripts the page offers nothing that would not work', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  try {
    const page = await context.newPage();
    await page.goto(`${world.origin}/check?language=kk`);
    expect(await page.getByText(t.check.title).first().isVisible()).toBe(true);
    expect(await page.locator('input, button').filter({ visible: true }).count()).toBe(0);
  } finally {
    await context.close();
  }
});

test.each(languages)('the page speaks %s, and says without scripts what is needed', async (language) => {
  const words = textsOf(language);
  const { body } = await injectClient(world.service.server).get(`/check?language=${language}`);
  expect(body).toContain(`<html lang="${language}"`);
  expect(body).toContain(words.check.title);
  expect(body).toContain(words.check.needsScript);
  expect(body).toContain('npx --no-install kabinet check FILE');
});
