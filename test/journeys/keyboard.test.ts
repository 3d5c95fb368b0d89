import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrowserVisitor, browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { inventPerson, password } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { openRequisites, signIn } from './journey.ts';
import { openWorld } from './world.ts';

// What only a browser can show: the keyboard alone, the focus, and the optional scripts of the
// pages.

let service: TestService;
let browser: Browser;
let origin: string;
let nextPerson = 9_100;

beforeAll(async () => {
  service = await startService();
  origin = await service.listen();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

async function visit(javaScript: boolean): Promise<BrowserVisitor> {
  return await browserVisitor(browser, origin, { javaScript });
}

async function someone() {
  nextPerson += 1;
  const person = inventPerson(nextPerson);
  await service.enrol(person);
  return person;
}

/** The element with the focus: its id, or its visible name. */
function focused(visitor: BrowserVisitor): Promise<string> {
  return visitor.page
    .locator(':focus')
    .evaluate((element) => element.id || (element.textContent ?? '').trim());
}

/** Presses Tab until this element has the focus, as a person without a mouse does. */
async function tabTo(visitor: BrowserVisitor, wanted: string): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await visitor.page.keyboard.press('Tab');
    const now = (await visitor.page.locator(':focus').count()) === 0 ? '(nothing)' : await focused(visitor);
    if (now === wanted) return;
    passed.push(now);
  }
  throw new Error(`Tab never reaches ${wanted}; it passes ${passed.join(', ')}`);
}

async function pressEnter(visitor: BrowserVisitor): Promise<void> {
  await Promise.all([
    visitor.page.waitForNavigation({ waitUntil: 'load' }),
    visitor.page.keyboard.press('Enter'),
  ]);
}

describe.each([
  ['without JavaScript', false],
  ['with JavaScript', true],
])('by the keyboard alone, %s', (_how, javaScript) => {
  test('sign in, change the address, see the receipt, sign out', async () => {
    const person = await someone();
    const visitor = await visit(javaScript);
    const { keyboard } = visitor.page;
    await visitor.open('/');
    await keyboard.press('Tab');
    expect(await focused(visitor)).toBe('Негізгі мазмұнға өту');
    await tabTo(visitor, 'iin');
    await keyboard.type(person.iin);
    await tabTo(visitor, 'password');
    await keyboard.type(password);
    await pressEnter(visitor);
    expect(await visitor.path()).toBe('/services');

    await tabTo(visitor, 'Деректемелерге өзгерістер және (немесе) толықтырулар енгізу');
    await pressEnter(visitor);
    await tabTo(visitor, 'apartment');
    await keyboard.press('Control+A');
    await keyboard.type('88');
    // Enter in a field saves. It must not press the first button of the page, the language switch.
    await pressEnter(visitor);
    expect(await visitor.heading()).toBe('Рақмет!');
    await tabTo(visitor, 'Шығу');
    await pressEnter(visitor);
    expect(await visitor.path()).toBe('/');
    await visitor.leave();
  });

  test('errors take the focus, and each links to its field', async () => {
    const person = await someone();
    const visitor = await visit(javaScript);
    await openRequisites(visitor, person);
    await visitor.fill('Индекс', '1');
    await visitor.press('Сақтау');
    expect(await focused(visitor)).toBe('error-summary');
    await visitor.page.keyboard.press('Tab');
    await visitor.page.keyboard.press('Enter');
    expect(await focused(visitor)).toBe('postcode');
    await visitor.leave();
  });
});

describe('with JavaScript', () => {
  test('the password is shown and hidden again', async () => {
    const visitor = await visit(true);
    await visitor.open('/');
    const field = visitor.page.locator('#password');
    await visitor.page.getByRole('button', { name: 'Құпиясөзді көрсету' }).click();
    expect(await field.getAttribute('type')).toBe('text');
    await visitor.page.getByRole('button', { name: 'Құпиясөзді жасыру' }).click();
    expect(await field.getAttribute('type')).toBe('password');
    await visitor.leave();
  });

  test('two minutes before the end a dialog opens, and one key prolongs the session', async () => {
    const person = await someone();
    const visitor = await visit(true);
    const world = openWorld(service, async () => visitor);
    await visitor.open('/services');
    await signIn(visitor, person);
    const dialog = visitor.page.getByRole('dialog');
    expect(await dialog.count()).toBe(0);
    // The page asks the server for the remaining time before it warns, so both clocks are moved.
    await visitor.page.clock.install();
    await visitor.open('/services');
    await world.ageSessions(person, 13);
    await visitor.page.clock.fastForward('13:30');
    await dialog.waitFor();
    await visitor.page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await world.ageSessions(person, 5);
    await visitor.open('/history');
    expect(await visitor.path()).toBe('/history');
    await visitor.leave();
  });

  test('a page left open after the end of the session goes to the sign-in page', async () => {
    const person = await someone();
    const visitor = await visit(true);
    const world = openWorld(service, async () => visitor);
    await visitor.page.clock.install();
    await visitor.open('/services');
    await signIn(visitor, person);
    await world.ageSessions(person, 16);
    await Promise.all([visitor.page.waitForURL('**/sign-in*'), visitor.page.clock.fastForward('15:30')]);
    await visitor.doesNotSee(person.name);
    await visitor.leave();
  });

  test('a second press of Save sends nothing more', async () => {
    const person = await someone();
    const visitor = await visit(true);
    await openRequisites(visitor, person);
    await visitor.fill('Пәтер', '89');
    let posts = 0;
    visitor.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/services/requisites')) posts += 1;
    });
    await Promise.all([
      visitor.page.waitForURL('**/receipts/*'),
      visitor.page.getByRole('button', { name: 'Сақтау', exact: true }).dblclick(),
    ]);
    expect(posts).toBe(1);
    await visitor.leave();
  });
});
