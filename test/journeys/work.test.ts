import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import { accessibilityFaults, widthFaults } from '../support/accessibility.ts';
import { type BrowserVisitor, browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { injectClient } from '../support/client.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';

// The work that a code costs while codes are being guessed, in a real browser under the service's
// content policy.

let service: TestService;
let browser: Browser;
let origin: string;
let people = 9_700;

beforeAll(async () => {
  service = await startService({ ROLE: 'web' });
  await service.database.run(sql`
    insert into cabinet.code_outcome (minute, compared, failed) values (date_trunc('minute', now()), 9000, 9000)`);
  const client = injectClient(service.server);
  await vi.waitFor(
    async () => expect((await client.get('/recover')).body).toContain(kk.accountRequest.stopped),
    {
      timeout: 20_000,
      interval: 50,
    },
  );
  origin = await service.listen();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

async function asking(javaScript: boolean): Promise<{ visitor: BrowserVisitor; person: PersonLine }> {
  people += 1;
  const person = inventPerson(people);
  await service.enrol(person);
  const visitor = await browserVisitor(browser, origin, { javaScript });
  await visitor.open('/recover');
  await visitor.fill('ЖСН', person.iin);
  await visitor.fill('Ұялы телефон немесе электрондық мекенжай', person.requisites.mobilePhone ?? '');
  return { visitor, person };
}

const status = ({ page }: BrowserVisitor) => page.locator('#work-status');

test('the device does the work without the person, and the form is sent', async () => {
  const { visitor } = await asking(true);
  await visitor.sees(kk.work.before);
  await visitor.doesNotSee('JavaScript қосулы болмаса');
  await visitor.press('Жалғастыру');
  expect(await visitor.path()).toBe('/recover/confirm');
  // Comparing a code costs work too.
  await visitor.fill('Растау коды', 'WR0NG000');
  await visitor.press('Растау');
  expect(await visitor.status()).toBe(422);
  await visitor.leave();
});

test('before and during the work, axe finds nothing and nothing overflows at 320 pixels', async () => {
  const visitor = await browserVisitor(browser, origin, { javaScript: true, width: 320 });
  const { page } = visitor;
  await visitor.open('/recover');
  await visitor.sees(kk.work.before);
  const faults = async () => [...(await accessibilityFaults(page)), ...(await widthFaults(page))];
  expect(await faults()).toEqual([]);
  await page.route('**/recover/work', () => undefined);
  await visitor.fill('ЖСН', '900101300007');
  await visitor.fill('Ұялы телефон немесе электрондық мекенжай', '+77011234567');
  await page.getByRole('button', { name: 'Жалғастыру' }).click();
  await page.getByRole('button', { name: kk.work.cancel }).waitFor();
  expect(await faults()).toEqual([]);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await visitor.leave();
});

test('it shows its progress, can be stopped, and starts again', async () => {
  const { visitor } = await asking(true);
  const { page } = visitor;
  let held: (() => void) | undefined;
  await page.route('**/recover/work', async (route) => {
    await new Promise<void>((resolve) => {
      held = resolve;
    });
    await route.continue().catch(() => undefined);
  });
  const stop = page.getByRole('button', { name: kk.work.cancel });
  expect(await stop.isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Жалғастыру' }).click();
  await stop.waitFor();
  expect(await status(visitor).textContent()).toBe('Есептеліп жатыр: 0 %');
  expect(await status(visitor).getAttribute('aria-live')).toBe('polite');
  await stop.click();
  await page.getByText(kk.work.cancelled).waitFor();
  expect(await stop.isVisible()).toBe(false);
  expect(await visitor.path()).toBe('/recover');
  held?.();
  await page.unroute('**/recover/work');
  await visitor.press('Жалғастыру');
  expect(await visitor.path()).toBe('/recover/confirm');
  await visitor.leave();
});

test('errors in the form are shown without any work', async () => {
  const { visitor } = await asking(true);
  await visitor.fill('ЖСН', '123');
  await visitor.press('Жалғастыру');
  expect(await visitor.status()).toBe(422);
  expect(await visitor.errorOf('ЖСН')).toBeDefined();
  await visitor.leave();
});

test('without scripts, the page names EDS and when codes are available again', async () => {
  const { visitor } = await asking(false);
  await visitor.doesNotSee(kk.work.before);
  await visitor.press('Жалғастыру');
  expect(await visitor.status()).toBe(503);
  expect(await visitor.text()).toMatch(/кемінде (9|10) минуттан кейін қайта ашылады/);
  await visitor.follow(kk.eds.way);
  expect(await visitor.path()).toBe('/sign-in/eds');
  await visitor.leave();
});
