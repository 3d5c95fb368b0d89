import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textsOf } from '../../src/texts/texts.ts';
import { type BrowserVisitor, browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import type { PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { openRequisites, signIn } from './journey.ts';
import { type OpenWorld, openWorld } from './world.ts';

// The session ends while a page with scripts is open. The test moves the page's clock and makes the
// stored session older.

const page = '/services/requisites';
const address = 'Астана қ., Қабанбай батыр даңғылы, 53-үй';
const { session: words, requisites } = textsOf('kk');

let service: TestService;
let browser: Browser;
let world: OpenWorld;
let origin: string;

beforeAll(async () => {
  service = await startService();
  origin = await service.listen();
  browser = await startBrowser();
  world = openWorld(service, () => browserVisitor(browser, origin, { javaScript: true }));
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

/** A person at the form, with a page clock that stands still until the test moves it. */
async function atTheForm(): Promise<{ person: PersonLine; visitor: BrowserVisitor }> {
  const person = await world.person();
  const visitor = await browserVisitor(browser, origin, { javaScript: true });
  await visitor.page.clock.install();
  await openRequisites(visitor, person);
  return { person, visitor };
}

const minutes = (count: number) => count * 60_000;

test('what was typed is kept, the page says why, and the person returns to the same page', async () => {
  const { person, visitor } = await atTheForm();
  await visitor.fill('Мекенжай', address);
  await world.ageSessions(person, 16);
  await visitor.page.clock.fastForward(minutes(16));
  await visitor.page.waitForURL(/\/sign-in\?ended=kept/);
  await visitor.sees(words.overKept);
  await visitor.doesNotSee(address);
  await signIn(visitor, person);
  expect(await visitor.path()).toBe(page);
  await visitor.press(requisites.draftShow);
  expect(await visitor.fieldValue('Мекенжай')).toBe(address);
  expect(await world.saved(person)).toMatchObject({ changes: 0 });
  await visitor.leave();
});

test('with nothing typed, only the reason is shown and no draft is offered', async () => {
  const { person, visitor } = await atTheForm();
  await world.ageSessions(person, 16);
  await visitor.page.clock.fastForward(minutes(16));
  await visitor.page.waitForURL(/\/sign-in\?ended=1/);
  await visitor.sees(words.over);
  await signIn(visitor, person);
  expect(await visitor.path()).toBe(page);
  await visitor.doesNotSee(requisites.draft);
  await visitor.leave();
});

test('signed out in another tab: the first tab keeps what was typed', async () => {
  const { person, visitor } = await atTheForm();
  await visitor.fill('Мекенжай', address);
  const other = await visitor.newTab();
  await other.open('/services');
  await other.press('Шығу');
  await visitor.page.clock.fastForward(minutes(1));
  await visitor.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await visitor.page.waitForURL(/\/sign-in\?ended=kept/);
  await signIn(visitor, person);
  await visitor.press(requisites.draftShow);
  expect(await visitor.fieldValue('Мекенжай')).toBe(address);
  await visitor.leave();
});

test('a request that the page does not count prolongs the session, and there is no warning', async () => {
  const { person, visitor } = await atTheForm();
  await visitor.fill('Мекенжай', address);
  // As after a suggestion, the stored session is younger than the page knows.
  const asked = visitor.page.waitForResponse(/\/session\/left$/);
  await visitor.page.clock.fastForward(minutes(14));
  expect(await (await asked).json()).toMatchObject({ secondsLeft: expect.any(Number) });
  expect(await visitor.page.locator('#session-warning[open]').count()).toBe(0);
  expect(await visitor.path()).toBe(page);

  await world.ageSessions(person, 14);
  await visitor.page.clock.fastForward(minutes(14));
  await visitor.page.locator('#session-warning[open]').waitFor();
  await visitor.page.getByRole('button', { name: words.extend }).click();
  await visitor.page.locator('#session-warning:not([open])').waitFor({ state: 'attached' });
  expect(await visitor.fieldValue('Мекенжай')).toBe(address);
  await visitor.leave();
});

test('with no connection at that moment, the page stays with what was typed, and keeps it later', async () => {
  const { person, visitor } = await atTheForm();
  await visitor.fill('Мекенжай', address);
  await world.ageSessions(person, 16);
  await visitor.page.context().setOffline(true);
  await visitor.page.clock.fastForward(minutes(16));
  await visitor.page.getByText(words.extendFailed).waitFor();
  expect(await visitor.fieldValue('Мекенжай')).toBe(address);
  await visitor.page.context().setOffline(false);
  await visitor.page.clock.fastForward(minutes(1));
  await visitor.page.waitForURL(/\/sign-in\?ended=kept/);
  // The browser rightly complained about the missing connection.
  await visitor.page.context().close();
});
