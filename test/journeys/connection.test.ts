import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paths } from '../../src/paths.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type BrowserVisitor, browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';
import { openWorld } from './world.ts';

// A connection that is slow, breaks, or does not bring the scripts.

const t = textsOf('kk');

let service: TestService;
let browser: Browser;
let origin: string;
let nextPerson = 9_800;

beforeAll(async () => {
  service = await startService();
  origin = await service.listen();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

interface Visit {
  readonly page: Page;
  readonly visitor: BrowserVisitor;
  readonly person: PersonLine;
  saved(): Promise<number>;
}

/** Opens the form from the list of services, as a signed-in person on a phone. */
async function openForm(): Promise<Visit> {
  nextPerson += 1;
  const person = inventPerson(nextPerson);
  await service.enrol(person);
  const visitor = await browserVisitor(browser, origin, { javaScript: true, width: 360, height: 640 });
  const { page } = visitor;
  const { cookies } = await signedIn(service, person, origin);
  await page.context().addCookies([...cookies].map(([name, value]) => ({ name, value, url: origin })));
  await visitor.open(paths.services);
  await page.locator(`a[href="${paths.requisites}"]`).first().click();
  await page.locator('#apartment').fill('91');
  const world = openWorld(service, async () => visitor);
  return { page, visitor, person, saved: async () => (await world.saved(person)).changes };
}

const save = (page: Page) => page.getByRole('button', { name: t.requisites.save, exact: true }).click();
const isPost = (url: URL) => url.pathname === paths.requisites;

/** Everything that the page must still have when nothing could be sent. */
async function isKept({ page, saved }: Visit): Promise<void> {
  const note = page.getByRole('alert').filter({ hasText: t.session.extendFailed });
  await note.waitFor();
  expect(new URL(page.url()).pathname).toBe(paths.requisites);
  expect(await page.locator('#apartment').inputValue()).toBe('91');
  expect(await page.locator('[aria-busy]').count()).toBe(0);
  expect(await saved()).toBe(0);
}

async function comesToReceipt({ page, saved }: Visit): Promise<void> {
  await Promise.all([page.waitForURL('**/receipts/*'), save(page)]);
  expect(await saved()).toBe(1);
}

describe('Save without a connection keeps what was typed, and works once it is back', () => {
  test('the browser knows that it is offline', async () => {
    const visit = await openForm();
    await visit.page.context().setOffline(true);
    await save(visit.page);
    await isKept(visit);
    await visit.page.context().setOffline(false);
    await comesToReceipt(visit);
    await visit.page.context().close();
  });

  test('the connection breaks without a sign', async () => {
    const visit = await openForm();
    await visit.page.route(isPost, (route) =>
      route.request().method() === 'POST' ? route.abort('connectionreset') : route.continue(),
    );
    await save(visit.page);
    await isKept(visit);
    await visit.page.unrouteAll();
    await comesToReceipt(visit);
    // Back shows the form with what is on file now, and Save has nothing to do.
    await visit.page.goBack();
    expect(await visit.page.locator('#apartment').inputValue()).toBe('91');
    await save(visit.page);
    await visit.page.getByText(t.requisites.nothingChanged).waitFor();
    expect(await visit.saved()).toBe(1);
    await visit.page.context().close();
  });
});

test('Save says that it is working, and a second press sends nothing more', async () => {
  const visit = await openForm();
  const { page } = visit;
  let posts = 0;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(isPost, async (route) => {
    if (route.request().method() === 'POST') {
      posts += 1;
      await held;
    }
    await route.continue();
  });
  await save(page);
  await page.getByRole('status').filter({ hasText: t.layout.sending }).waitFor();
  const button = page.getByRole('button', { name: t.requisites.save, exact: true });
  expect(await button.getAttribute('aria-busy')).toBe('true');
  await button.click();
  await Promise.all([page.waitForURL('**/receipts/*'), Promise.resolve(release())]);
  expect([posts, await visit.saved()]).toEqual([1, 1]);
  await page.context().close();
});

test('what is wrong is shown by the page itself, with what was typed', async () => {
  const visit = await openForm();
  const { page } = visit;
  await page.locator('#postcode').fill('1');
  await save(page);
  await page.locator('#error-summary').waitFor();
  expect(await page.locator('#apartment').inputValue()).toBe('91');
  expect(await page.locator('#postcode').inputValue()).toBe('1');
  await page.locator('#postcode').fill(visit.person.requisites.postcode ?? '');
  await comesToReceipt(visit);
  await page.context().close();
});

test('a form of another page says so too, and is not sent', async () => {
  const visitor = await browserVisitor(browser, origin, { javaScript: true });
  const { page } = visitor;
  await visitor.open(paths.signIn);
  await page.locator('#iin').fill('900101300007');
  await page.context().setOffline(true);
  await page.getByRole('button', { name: t.signIn.submit, exact: true }).click();
  await page.getByRole('alert').filter({ hasText: t.session.extendFailed }).waitFor();
  expect(await page.locator('#iin').inputValue()).toBe('900101300007');
  await page.context().close();
});

test('the page of EDS says why nothing can be pressed when its script does not load', async () => {
  const visitor = await browserVisitor(browser, origin, { javaScript: true });
  const { page } = visitor;
  await page.route(/\.js$/, (route) => route.abort());
  await visitor.open(paths.signInByEds);
  await page.getByText(t.eds.noScript).waitFor({ state: 'visible' });
  await page.unrouteAll();
  await visitor.open(paths.signInByEds);
  await page.getByRole('button', { name: t.eds.choose }).waitFor();
  expect(await page.getByText(t.eds.noScript).count()).toBe(0);
  await page.context().close();
});

test.each(['light', 'dark'] as const)(
  'in forced colours (%s) the knob of a switch can be seen',
  async (scheme) => {
    const { page } = await openForm();
    await page.emulateMedia({ forcedColors: 'active', colorScheme: scheme });
    const contrast = () =>
      page.locator('#kazpost').evaluate((input) => {
        const { color, backgroundColor } = getComputedStyle(input);
        const [knob = 0, ground = 0] = [color, backgroundColor].map((one) => {
          const [red = 0, green = 0, blue = 0] = (one.match(/[\d.]+/g) ?? []).map((part) => {
            const share = Number(part) / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        });
        return (Math.max(knob, ground) + 0.05) / (Math.min(knob, ground) + 0.05);
      });
    await page.locator('#kazpost').setChecked(true);
    expect(await contrast()).toBeGreaterThanOrEqual(3);
    await page.locator('#kazpost').setChecked(false);
    expect(await contrast()).toBeGreaterThanOrEqual(3);
    await page.context().close();
  },
);

describe('a page that Back restores from the browser’s memory', () => {
  /** What the browser tells a page that it restores. */
  const restore = (page: Page) =>
    page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));

  test('is shown as it was while the session lives', async () => {
    const { page } = await openForm();
    const asked = page.waitForResponse((response) => response.request().method() === 'HEAD');
    await restore(page);
    await asked;
    await page.locator('#apartment').waitFor({ state: 'visible' });
    expect(await page.locator('#apartment').inputValue()).toBe('91');
    await page.context().close();
  });

  test('is never shown after signing out', async () => {
    const { page } = await openForm();
    const other = await page.context().newPage();
    await other.goto(paths.services);
    await other.getByRole('button', { name: t.layout.signOut }).click();
    await other.waitForURL((url) => !url.pathname.startsWith('/services'));
    await Promise.all([page.waitForURL('**/sign-in*'), restore(page)]);
    expect(await page.locator('#apartment').count()).toBe(0);
    await page.context().close();
  });

  test('shows what is on file once its form was saved', async () => {
    const { page } = await openForm();
    await page.locator('#page-form').evaluate((form) => {
      (form as HTMLFormElement).dataset['saved'] = '';
      (form as HTMLFormElement).dataset['leaving'] = '';
    });
    await Promise.all([page.waitForEvent('load'), restore(page)]);
    expect(await page.locator('#apartment').inputValue()).not.toBe('91');
    await page.context().close();
  });
});
