import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { injectClient } from '../support/client.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

// What the design promises on a phone of 360 px, and what a home shows of its owner.

let service: TestService;
let browser: Browser;
let origin: string;
const person = inventPerson(9_650);

beforeAll(async () => {
  service = await startService();
  await service.enrol(person);
  origin = await service.listen();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

/** The lower edge of the header and the upper edge of the first block, in CSS pixels. */
const edges = `(() => {
  const header = document.querySelector('header').getBoundingClientRect().bottom;
  const block = document.querySelector('main :is(.card, .alert, .timeline, .filter)').getBoundingClientRect().top;
  return { header, block };
})()`;

describe.each(languages)('on a phone in %s', (language) => {
  test('the header has at most 112 px and the first block begins in the first 300', async () => {
    const visitor = await browserVisitor(browser, origin, { javaScript: true, width: 360, height: 780 });
    const context = visitor.page.context();
    await context.addCookies([{ name: 'language', value: language, url: origin }]);
    const look = () => visitor.page.evaluate<{ header: number; block: number }>(edges);
    await visitor.open('/');
    expect((await look()).block).toBeLessThanOrEqual(300);
    const { cookies } = await signedIn(service, person, origin);
    await context.addCookies([...cookies].map(([name, value]) => ({ name, value, url: origin })));
    for (const path of ['/services', '/services/requisites', '/history', '/security']) {
      await visitor.open(path);
      expect(await visitor.path()).toBe(path);
      const { header, block } = await look();
      expect(header, path).toBeLessThanOrEqual(112);
      expect(block, path).toBeLessThanOrEqual(300);
    }
    await visitor.leave();
  });
});

test.each(languages)('the sections are one line beside the person in %s', async (language) => {
  // The narrowest window that shows the person.
  const visitor = await browserVisitor(browser, origin, { javaScript: true, width: 896, height: 780 });
  const context = visitor.page.context();
  const { cookies } = await signedIn(service, person, origin);
  const own: [string, string][] = [...cookies, ['language', language]];
  await context.addCookies(own.map(([name, value]) => ({ name, value, url: origin })));
  await visitor.open('/security');
  expect(await visitor.page.locator('.person').isVisible()).toBe(true);
  const tops = await visitor.page
    .locator('.person-bar nav a')
    .evaluateAll((links) => links.map((one) => one.getBoundingClientRect().top));
  expect(tops).toHaveLength(3);
  expect(new Set(tops).size).toBe(1);
  await visitor.leave();
});

test('the buttons of the start page have one width on a phone', async () => {
  const visitor = await browserVisitor(browser, origin, { javaScript: true, width: 360, height: 780 });
  await visitor.open('/');
  const widths = await visitor.page
    .locator('main .ds-button')
    .evaluateAll((buttons) => buttons.map((one) => one.getBoundingClientRect().width));
  expect(widths.length).toBe(5);
  expect(new Set(widths).size).toBe(1);
  await visitor.leave();
});

test('the home names its owner and masks the IIN, the mobile and the e-mail', async () => {
  const { body } = await (await signedIn(service, person)).get('/services');
  const page = readPage(body);
  const text = visibleText(page.querySelector('main') ?? page);
  expect(text).toContain(`${person.surname} ${person.name} ${person.patronymic}`);
  expect(text).toContain(`${person.iin.slice(0, 4)}••••${person.iin.slice(-4)}`);
  expect(text).toContain(person.requisites.address);
  expect(text).toContain(`+7 (701) •••-••-${person.requisites.mobilePhone?.slice(-2)}`);
  expect(text).toContain('b•••@example.kz');
  for (const secret of [person.iin, person.requisites.email ?? '', person.requisites.mobilePhone ?? ''])
    expect(body).not.toContain(secret);
});

test('icons are symbols that a page has once, and only those it uses', async () => {
  const { body } = await injectClient(service.server).get('/');
  const page = readPage(body);
  const used = new Set(page.querySelectorAll('use').map((one) => one.getAttribute('href')));
  const symbols = page.querySelectorAll('symbol').map((one) => `#${one.getAttribute('id')}`);
  expect(symbols.length).toBeGreaterThan(2);
  expect([...used].sort()).toEqual(symbols.sort());
});

test('the ornament weighs less than 2 KB', async () => {
  const { body } = await injectClient(service.server).get('/');
  expect(/<svg class="ornament".*?<\/svg>/s.exec(body)?.[0].length).toBeLessThan(2_048);
});

test.each(['reduce', 'no-preference'] as const)(
  'motion, when the person prefers %s',
  async (reducedMotion) => {
    const visitor = await browserVisitor(browser, origin, { javaScript: true });
    await visitor.page.emulateMedia({ reducedMotion });
    await visitor.open('/sign-in?ended=1');
    const motion = await visitor.page
      .locator('.alert')
      .first()
      .evaluate((alert) => {
        const { animationName, animationDuration } = getComputedStyle(alert);
        return [animationName, animationDuration];
      });
    expect(motion).toEqual(reducedMotion === 'reduce' ? ['none', '0s'] : ['appear', '0.15s']);
    await visitor.leave();
  },
);

test('the history is filtered: changes only, or events only', async () => {
  const t = textsOf('kk');
  const client = await signedIn(service, person);
  const titles = async (path: string) =>
    readPage((await client.get(path)).body)
      .querySelectorAll('.timeline h2')
      .map(visibleText);
  expect(await titles('/history')).toContain(t.events['signed-in']);
  expect(await titles('/history?only=events')).toContain(t.events['signed-in']);
  expect(await titles('/history?only=changes')).not.toContain(t.events['signed-in']);
});
