import type { Identity } from 'nca-verify/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mode, PhoneRun } from '../../packages/egov-mobile-double/src/index.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import { type BrowserVisitor, browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { openTestNca, type TestNca } from '../support/eds.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { playCode } from '../support/phone-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import { giveApp } from '../support/step-visitor.ts';

// Signing in with the phone in a real browser: on a wide screen and on a phone, with and without
// scripts. The double of the app scans what the page shows.

let nca: TestNca;
let service: TestService;
let origin: string;
let browser: Browser;
let people = 9_600;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  origin = await service.listen();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
  nca.close();
});

interface Somebody {
  readonly visitor: BrowserVisitor;
  readonly person: PersonLine;
  readonly key: Identity;
}

const screens = [
  { width: 1280, javaScript: true },
  { width: 1280, javaScript: false },
  { width: 360, javaScript: true },
  { width: 360, javaScript: false },
] as const;
type Screen = (typeof screens)[number];

const named = ({ width, javaScript }: Screen) => `${width} px, ${javaScript ? 'with' : 'without'} scripts`;

/** A person whose browser knows them, on the page with the code. */
async function begin({ width, javaScript }: Screen, known = true): Promise<Somebody> {
  const person = inventPerson(people);
  people += 1;
  await service.enrol(person);
  const visitor = await browserVisitor(browser, origin, { javaScript, width });
  await visitor.open('/');
  if (known) {
    await visitor.fill(kk.signIn.iin, person.iin);
    await visitor.fill(kk.signIn.password, person.password ?? '');
    await visitor.press(kk.signIn.submit);
    await visitor.press(kk.layout.signOut);
  }
  await visitor.press(kk.phone.way);
  expect(await visitor.heading()).toBe(kk.phone.title);
  return { visitor, person, key: nca.key(person) };
}

/** The link that the page shows now. The QR code beside it has the same address. */
const link = ({ visitor }: Somebody) => visitor.page.locator('a[data-link]').getAttribute('href');

/** Plays the phone with what the page shows: its code, or its link. */
async function play(
  somebody: Somebody,
  how: 'code' | 'link',
  { mode = 'ok', key = somebody.key }: { mode?: Mode; key?: Identity } = {},
): Promise<PhoneRun> {
  const shown = (await link(somebody)) ?? '';
  return playCode(
    how === 'link' ? shown : `mobileSign:${new URL(shown).searchParams.get('link')}`,
    key,
    mode,
  );
}

async function offers({ page }: BrowserVisitor, button: string): Promise<boolean> {
  return (await page.getByRole('button', { name: button, exact: true }).count()) > 0;
}

/** The page follows by its script. Without one, the person presses the button. */
async function follow({ visitor }: Somebody, { javaScript }: Screen, words: string): Promise<void> {
  // The script follows by itself. Whatever the test does in the page could meet its navigation.
  if (!javaScript && (await offers(visitor, kk.phone.signed))) await visitor.press(kk.phone.signed);
  await visitor.page.getByText(words).first().waitFor({ state: 'visible' });
  await visitor.sees(words);
}

/** The six digits, read on the phone. */
async function readDigits(run: PhoneRun): Promise<string> {
  const phone = await browserVisitor(browser, origin, { javaScript: true, width: 360, touch: true });
  await phone.open(new URL(run.backUrl ?? '').pathname);
  await phone.sees(kk.phone.back.warning);
  const digits = (await phone.page.locator('.phone-digits b').textContent()) ?? '';
  await phone.page.context().close();
  return digits;
}

describe.each(screens)('at $width px, scripts: $javaScript', (screen) => {
  const isNarrow = screen.width < 600;

  test('the fitting way comes first, and the other one is there', async () => {
    const somebody = await begin(screen);
    const { page } = somebody.visitor;
    const app = page.locator('a[data-link]');
    const wide = page.locator('#scan svg');
    expect([await app.isVisible(), await wide.isVisible()]).toEqual([true, !isNarrow]);
    if (isNarrow) {
      expect(await page.locator('details svg').isVisible()).toBe(false);
      await page.getByText(kk.phone.otherScreen).click();
      expect(await page.locator('details svg').isVisible()).toBe(true);
    } else {
      const [code, way] = [await wide.boundingBox(), await app.boundingBox()];
      expect(code?.y).toBeLessThan(way?.y ?? 0);
      expect(code?.width).toBeGreaterThanOrEqual(200);
    }
    await page.context().close();
  });

  test(`by ${isNarrow ? 'link, back on the same phone' : 'code, with the six digits'}`, async () => {
    const somebody = await begin(screen);
    const { visitor } = somebody;
    const run = await play(somebody, isNarrow ? 'link' : 'code');
    expect(run.outcome).toBe('taken');
    await follow(somebody, screen, kk.phone.done.title);
    if (isNarrow) {
      await visitor.open(new URL(run.backUrl ?? '').pathname);
      await visitor.sees(kk.phone.back.here);
    } else {
      await visitor.fill(kk.phone.done.code, await readDigits(run));
    }
    await visitor.press(kk.phone.done.enter);
    expect((await visitor.path()).split('?')[0]).toBe('/services');
    await visitor.open('/services/requisites');
    expect(await offers(visitor, kk.requisites.save)).toBe(true);
    await visitor.leave();
  });

  test('as the second step after a password, and back to the other steps', async () => {
    const { visitor, person, key } = await begin(screen);
    await giveApp(service, person);
    await visitor.open('/');
    await visitor.fill(kk.signIn.iin, person.iin);
    await visitor.fill(kk.signIn.password, person.password ?? '');
    await visitor.press(kk.signIn.submit);
    await visitor.sees(kk.phone.stepLead);
    await visitor.press(kk.phone.way);
    await visitor.follow(kk.accountRequest.back);
    expect(await visitor.heading()).toBe(kk.step.title);
    await visitor.press(kk.phone.way);
    const run = await play({ visitor, person, key }, isNarrow ? 'link' : 'code');
    await follow({ visitor, person, key }, screen, kk.phone.done.title);
    await visitor.fill(kk.phone.done.code, await readDigits(run));
    await visitor.press(kk.phone.done.enter);
    expect((await visitor.path()).split('?')[0]).toBe('/services');
    await visitor.open('/services/requisites');
    expect(await offers(visitor, kk.requisites.save)).toBe(true);
    await visitor.leave();
  });

  test('an app that does not lead back, or a new browser: one can look, and is told so', async () => {
    const somebody = await begin(screen, false);
    const { visitor } = somebody;
    await play(somebody, 'code', { mode: 'old-app' });
    await follow(somebody, screen, kk.phone.done.title);
    await visitor.sees(kk.phone.done.reading);
    await visitor.press(kk.phone.done.enter);
    await visitor.open('/services/requisites');
    await visitor.sees(kk.prove.restrictedTitle);
    expect(await offers(visitor, kk.requisites.save)).toBe(false);
    await visitor.leave();
  });

  test('a refused key, then a new code and the right one', async () => {
    const somebody = await begin(screen);
    const { visitor } = somebody;
    const firm = nca.key(somebody.person, { profile: 'head' });
    const run = await play(somebody, 'code', { mode: 'firm', key: firm });
    expect(run.message).toBe(kk.eds.reasons.notIndividual);
    await follow(somebody, screen, kk.eds.reasons.notIndividual);
    await visitor.press(kk.phone.again);
    expect((await play(somebody, 'code')).outcome).toBe('taken');
    await follow(somebody, screen, kk.phone.done.title);
    await visitor.leave();
  });

  test('nothing comes: the page says that the time is over', async () => {
    const somebody = await begin(screen);
    expect((await play(somebody, 'code', { mode: 'decline' })).outcome).toBe('declined');
    await follow(somebody, screen, kk.phone.scanned.title);
    await service.database.run(sql`
      update cabinet.phone_attempt set expires_at = now() where state = 'scanned'`);
    await follow(somebody, screen, kk.phone.expired.title);
    await somebody.visitor.leave();
  });
});

test.each(screens)('a change is signed: $width px, scripts: $javaScript', async (screen) => {
  const person = inventPerson(people);
  people += 1;
  await service.enrol(person);
  const visitor = await browserVisitor(browser, origin, screen);
  await visitor.open('/');
  await visitor.fill(kk.signIn.iin, person.iin);
  await visitor.fill(kk.signIn.password, person.password ?? '');
  await visitor.press(kk.signIn.submit);
  await visitor.open('/services/requisites');
  await visitor.fill(kk.requisites.mobilePhone, '+7 (702) 111-22-33');
  await visitor.press(kk.requisites.save);
  await visitor.press(kk.phone.sign.submit);
  expect(await visitor.heading()).toBe(kk.phone.sign.title);
  const run = await play({ visitor, person, key: nca.key(person) }, screen.width < 600 ? 'link' : 'code');
  expect(run.shown?.documents[0]?.shown).toContain('"+77021112233"');
  await follow({ visitor, person, key: nca.key(person) }, screen, kk.receipt.title);
  await visitor.sees(kk.eds.evidence);
  await visitor.leave();
});

test('the key of a person whom nobody knows here', async () => {
  const somebody = await begin(screens[0]);
  const key = nca.key({ iin: '880808301002', surname: 'БЕЙТАНЫС', name: 'АДАМ' });
  await play(somebody, 'code', { mode: 'wrong-key', key });
  await follow(somebody, screens[0], kk.eds.reasons.unknownPerson);
  await somebody.visitor.leave();
});

test('two phones: the second gets nothing, and the page says so', async () => {
  const somebody = await begin(screens[0]);
  const run = await play(somebody, 'code', { mode: 'second-phone' });
  expect(run.message).toBe(kk.phone.api.otherPhone);
  await follow(somebody, screens[0], kk.phone.trouble.otherPhone);
  await somebody.visitor.leave();
});

test('the tab is closed and opened again', async () => {
  const somebody = await begin(screens[0]);
  const tab = await somebody.visitor.newTab();
  await somebody.visitor.page.close();
  await tab.open('/sign-in/phone');
  const again = { ...somebody, visitor: tab };
  expect((await play(again, 'code')).outcome).toBe('taken');
  await follow(again, screens[0], kk.phone.done.title);
  await tab.leave();
});

test('the script replaces the code before it is out of date, in both places', async () => {
  const somebody = await begin(screens[0]);
  const { page } = somebody.visitor;
  const shown = async () =>
    page.locator('path[data-qr]').evaluateAll((all) => all.map((one) => one.getAttribute('d')));
  const [before, former] = [await link(somebody), await shown()];
  await service.database.run(sql`
    update cabinet.phone_attempt set started_at = started_at - interval '41 seconds' where state = 'waiting'`);
  await expect.poll(() => link(somebody), { timeout: 10_000 }).not.toBe(before);
  const now = await shown();
  expect(now[0]).toBe(now[1]);
  expect(now[0]).not.toBe(former[0]);
  expect((await play(somebody, 'code')).outcome).toBe('taken');
  await somebody.visitor.leave();
});

test('a page without scripts asks to be loaded again, and one with scripts does not', async () => {
  for (const screen of screens.slice(0, 2)) {
    const { visitor } = await begin(screen);
    const refreshes = await visitor.page.locator('meta[http-equiv=refresh]').count();
    expect([named(screen), refreshes]).toEqual([named(screen), screen.javaScript ? 0 : 1]);
    await visitor.page.context().close();
  }
});
