import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BrowserVisit,
  type BrowserVisitor,
  browserVisitor,
  startBrowser,
} from '../support/browser-visitor.ts';
import { injectVisitor } from '../support/inject-visitor.ts';
import {
  type KazpostFault,
  type KazpostServer,
  kazpostCredentials,
  startKazpostServer,
} from '../support/kazpost-server.ts';
import type { PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { openRequisites } from './journey.ts';
import { type OpenWorld, openWorld } from './world.ts';

// Suggestions with the script and with Kazpost's service: by keyboard, by touch, with the switch
// off, and what the person sees at each fault of the service.

const apis = ['classic', 'open'] as const;
const search = 'Мекенжайды іздеу';
const kazpostSwitch = '"Қазпочта" АҚ сервисін қосу';
const house = 'Алматы қаласы, Бостандық ауданы, Абай даңғылы, 10 үй';
const houseInRussian = {
  classic: 'город Алматы, Бостандыкский район, проспект Абая, дом 10',
  open: 'город Алматы, район Бостандыкский, проспект Абая, дом 10',
};
const degraded = {
  kk: '«Қазпочта» АҚ сервисі уақытша қолжетімсіз: нұсқалар кабинеттің мекенжай анықтамалығынан алынды. Мекенжайды қолмен де енгізуге болады.',
  ru: 'Сервис АО «Казпочта» временно недоступен: варианты взяты из справочника адресов кабинета. Адрес можно ввести и вручную.',
};

let browser: Browser;
let kazpost: KazpostServer;
let service: TestService;
let world: OpenWorld;
let origin: string;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

beforeEach(async () => {
  kazpost = await startKazpostServer();
});

afterEach(async () => {
  await service.close();
  await kazpost.close();
});

async function start(api: (typeof apis)[number] | undefined): Promise<void> {
  service = await startService(
    api === undefined
      ? {}
      : {
          KAZPOST_API: api,
          KAZPOST_URL: kazpost.url,
          KAZPOST_USER: kazpostCredentials.username,
          KAZPOST_PASSWORD: kazpostCredentials.password,
        },
  );
  world = openWorld(service, async () => injectVisitor(service.server));
}

/** Opens the form in Chromium with the script running. */
async function openForm(
  visit: Partial<BrowserVisit> = {},
): Promise<{ visitor: BrowserVisitor; person: PersonLine }> {
  origin = await service.listen();
  const visitor = await browserVisitor(browser, origin, { javaScript: true, ...visit });
  const person = await world.person();
  await openRequisites(visitor, person);
  await visitor.page.waitForSelector('u-datalist', { state: 'attached' });
  return { visitor, person };
}

const options = (visitor: BrowserVisitor) => visitor.page.getByRole('option');
const field = (visitor: BrowserVisitor) => visitor.page.locator('#address');
const status = (visitor: BrowserVisitor) => visitor.page.locator('#address-status').textContent();

/** Replaces the content of the field, key by key as a person types. */
async function type(visitor: BrowserVisitor, text: string): Promise<void> {
  await field(visitor).fill('');
  await field(visitor).pressSequentially(text);
}

async function saved(visitor: BrowserVisitor): Promise<void> {
  await visitor.press('Сақтау');
  expect(await visitor.heading()).toBe('Рақмет!');
}

// Both services give the script the same lines.
const tried = process.env['TEST_COMPLETE'] === undefined ? apis.slice(0, 1) : apis;

describe.each(tried)('with the %s service', (api) => {
  beforeEach(() => start(api));

  test('an address is chosen with the keyboard alone, its postcode is filled in, and both are stored with their source', async () => {
    const { visitor, person } = await openForm();
    const { keyboard } = visitor.page;
    await visitor.page.locator('#kazpost').focus();
    await keyboard.press('Tab');
    expect(await visitor.page.locator(':focus').getAttribute('id')).toBe('address');
    await keyboard.press('Control+A');
    await keyboard.type('Алматы Абая 10');
    await options(visitor).first().waitFor();
    expect(await options(visitor).first().textContent()).toBe(house);
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    expect(await field(visitor).inputValue()).toBe(house);
    expect(await visitor.page.locator('#postcode').inputValue()).toBe('A11B3C1');
    expect(await options(visitor).first().isVisible()).toBe(false);
    // A second Enter saves, as in every other field.
    await Promise.all([visitor.page.waitForNavigation({ waitUntil: 'load' }), keyboard.press('Enter')]);
    expect(await visitor.heading()).toBe('Рақмет!');
    await visitor.sees(house);
    await visitor.sees('A11B3C1');
    expect(await world.addressSource(person)).toMatchObject({ source: 'kazpost', postcode: 'A11B3C1' });
    await visitor.leave();
  });

  test('a line that is edited after it was chosen is no longer Kazpost’s', async () => {
    const { visitor, person } = await openForm();
    await type(visitor, 'Алматы Абая 10');
    await options(visitor).first().click();
    await field(visitor).press('End');
    await field(visitor).pressSequentially(' (аула ішінде)');
    await saved(visitor);
    expect(await world.addressSource(person)).not.toMatchObject({ source: 'kazpost' });
    await visitor.leave();
  });

  test('without a script, the same lines are buttons in the language of the page', async () => {
    const person = await world.person();
    const visitor = await world.visitor();
    await openRequisites(visitor, person);
    await visitor.press('РУС');
    await visitor.fill('Адрес', 'Алматы Абая 10');
    await visitor.press('Найти адрес');
    await visitor.press(`${houseInRussian[api]}, A11B3C1`);
    expect(await visitor.fieldValue('Индекс')).toBe('A11B3C1');
    await visitor.press('Сохранить');
    expect(await world.addressSource(person)).toMatchObject({ source: 'kazpost', postcode: 'A11B3C1' });
  });

  test('a postcode alone offers its address', async () => {
    const person = await world.person();
    const visitor = await world.visitor();
    await openRequisites(visitor, person);
    await visitor.fill('Мекенжай', '');
    await visitor.fill('Индекс', 'A11B3C1');
    await visitor.press(search);
    await visitor.press(`${house}, A11B3C1`);
    expect(await visitor.fieldValue('Мекенжай')).toBe(house);
  });

  test('with the switch off, neither the service nor Kazpost is asked', async () => {
    const { visitor, person } = await openForm();
    const asked: string[] = [];
    visitor.page.on('request', (request) => {
      if (request.url().includes('/api/')) asked.push(request.url());
    });
    await visitor.untick(kazpostSwitch);
    await type(visitor, 'Алматы Абая 10');
    await visitor.fill('Индекс', '010000');
    await field(visitor).focus();
    // Waits longer than the pause after which the script would have asked.
    await visitor.page.waitForFunction(
      (since) => performance.now() - since > 600,
      await visitor.page.evaluate(() => performance.now()),
    );
    await saved(visitor);
    expect(asked).toEqual([]);
    expect(kazpost.requests).toEqual([]);
    expect(await world.addressSource(person)).not.toMatchObject({ source: 'kazpost' });
    await visitor.leave();
  });
});

test('by touch, on a phone, without Kazpost', async () => {
  await start(undefined);
  const { visitor, person } = await openForm({ touch: true, width: 360, height: 740 });
  await field(visitor).tap();
  await type(visitor, 'шамалган');
  const line = options(visitor).first();
  await line.waitFor();
  const box = await line.boundingBox();
  expect(box?.height).toBeGreaterThanOrEqual(44);
  await line.tap();
  expect(await field(visitor).inputValue()).toBe('Алматы облысы, Қарасай ауданы, Шамалған ауылы');
  await visitor.page.getByRole('button', { name: 'Сақтау', exact: true }).tap();
  await visitor.page.waitForURL('**/receipts/*');
  expect(await world.addressSource(person)).toMatchObject({ source: 'kato', id: '195259100' });
  await visitor.leave();
});

test('a postcode of another region gives a hint when the person leaves the field, and can be saved', async () => {
  await start(undefined);
  const { visitor, person } = await openForm();
  const hint = visitor.page.locator('#postcode-hint');
  const text = 'Индекс басқа өңірдікі сияқты. Дұрыс болса, өзгертпеңіз.';
  await type(visitor, 'Алматы қаласы, Абай даңғылы, 7');
  await visitor.fill('Индекс', '010000');
  await field(visitor).focus();
  await expect.poll(() => hint.textContent()).toBe(text);
  expect(await visitor.errorOf('Индекс')).toBeUndefined();
  // Correcting the address also removes the hint.
  await type(visitor, 'Астана қаласы, Достық көшесі, 7');
  await visitor.page.locator('#postcode').focus();
  await expect.poll(() => hint.textContent()).toBe('');
  await visitor.fill('Индекс', '050010');
  await field(visitor).focus();
  await expect.poll(() => hint.textContent()).toBe(text);
  await saved(visitor);
  await visitor.sees('050010');
  expect(await world.addressSource(person)).toMatchObject({ source: 'kato', id: '710000000' });
  await visitor.leave();
});

async function fail(fault: Exclude<KazpostFault, 'none'> | 'down'): Promise<void> {
  if (fault === 'down') await kazpost.close();
  else kazpost.behave(fault);
}

describe('with the script, when the service is', () => {
  beforeEach(() => start('classic'));

  test.each(['slow', 'failing', 'huge', 'down'] as const)(
    '%s: the line under the field says so, and the list comes from the classifier',
    async (fault) => {
      const { visitor, person } = await openForm();
      await fail(fault);
      await type(visitor, 'шамалган');
      await options(visitor).first().waitFor();
      expect(await options(visitor).first().textContent()).toBe(
        'Алматы облысы, Қарасай ауданы, Шамалған ауылы',
      );
      expect(await status(visitor)).toBe(degraded.kk);
      await field(visitor).press('Escape');
      await field(visitor).fill('Шамалған ауылы, базар жанындағы үй');
      await saved(visitor);
      expect(await world.addressSource(person)).toEqual({ source: 'as-entered' });
      await visitor.leave();
    },
  );
});

test.each(apis)(
  'a hostile answer of the %s service is shown as plain text, and nothing of it runs',
  async (api) => {
    await start(api);
    kazpost.behave('hostile');
    const { visitor, person } = await openForm();
    const dialogs: string[] = [];
    visitor.page.on('dialog', (dialog) => dialogs.push(dialog.message()));
    await type(visitor, 'Алматы Абая 10');
    await options(visitor).first().waitFor();
    const lines = await options(visitor).allTextContents();
    expect(lines.length).toBeLessThanOrEqual(10);
    for (const line of lines) expect(line).toMatch(/^[А-Яа-яӘәҒғҚқҢңӨөҰұҮүҺһІі0-9 ,/-]+$/u);
    expect(await visitor.page.locator('#address-block').innerHTML()).not.toMatch(/<script|\u202e/);
    await options(visitor).first().click();
    expect(await visitor.page.locator('#postcode').inputValue()).toMatch(/^(?:050000|Z05E8P2)$/);
    await saved(visitor);
    expect(dialogs).toEqual([]);
    expect(JSON.stringify(await world.addressSource(person))).not.toContain('<');
    await visitor.leave();
  },
);

test('while Kazpost does not answer, a save waits for at most one request, and later for none', async () => {
  await start('classic');
  kazpost.behave('failing');
  const person = await world.person();
  const visitor = await world.visitor();
  for (let time = 1; time <= 7; time += 1) {
    if (time === 1) await openRequisites(visitor, person);
    else await visitor.open('/services/requisites');
    await visitor.fill('Мекенжай', `Бақша серіктестігі, ${time}`);
    await visitor.press('Сақтау');
    expect(await visitor.heading()).toBe('Рақмет!');
    // After five failures in a row, no requests are sent for a while.
    expect(kazpost.requests).toHaveLength(Math.min(time, 5));
  }
});
