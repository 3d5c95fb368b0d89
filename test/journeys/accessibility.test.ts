import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Language, languages } from '../../src/values/language.ts';
import { accessibilityFaults, crampedAlerts, widthFaults } from '../support/accessibility.ts';
import { type BrowserVisitor, browserVisitor } from '../support/browser-visitor.ts';
import { hiddenStops } from '../support/focus-walk.ts';
import { type Looks, openLooks, outagePages, pages, problemPages, type Variant } from './states.ts';

let looks: Looks;

beforeAll(async () => {
  looks = await openLooks();
});

afterAll(() => looks.close());
afterEach(() => looks.restore());

/** What is wrong with a state and with those on the way to it. */
async function look(language: Language, variant: Variant): Promise<string[]> {
  const faults: string[] = [];
  const check = async ({ page }: BrowserVisitor) => {
    faults.push(...(await accessibilityFaults(page)), ...(await widthFaults(page)));
  };
  const visitor = await looks.reach(language, variant, check);
  await check(visitor);
  faults.push(...(await crampedAlerts(visitor.page)));
  // The walk comes last, because it leaves the page in another state: every field was visited. Bars
  // are equally high in all languages.
  return language === 'kk' ? [...faults, ...(await hiddenStops(visitor.page))] : faults;
}

test('every page of the route table is in the table of this test', () => {
  const shown = looks.service.routes
    .filter(
      ({ method, access, url }) =>
        method === 'GET' && access !== 'machine' && !/\.[a-z]+$|^\/api\/|\/state$/.test(url),
    )
    .map(({ url }) => url);
  expect([...new Set(shown)].sort()).toEqual(Object.keys(pages).sort());
});

// Pages differ between languages only in their texts. One language and the last state of each page
// are enough, unless `npm test -- --all` asks for all.
const isComplete = process.env['TEST_COMPLETE'] !== undefined;
const looked: readonly Language[] = isComplete ? languages : ['kk'];
const states = (variants: readonly Variant[]) => (isComplete ? variants : variants.slice(-1));

describe.each(looked)('in %s, axe finds nothing, nothing overflows, no stop is hidden', (language) => {
  describe.each(Object.entries(pages))('%s', (_route, variants) => {
    test.each(states(variants))('%s', async (...variant) => {
      expect(await look(language, variant)).toEqual([]);
    });
  });

  afterAll(async () => (await looks.visitorFor(language)).leave());

  test.each(states(outagePages))('outage: %s', async (...variant) => {
    expect(await look(language, variant)).toEqual([]);
  });

  test.each(states(problemPages))('problem page: %s', async (...variant) => {
    expect(await look(language, variant)).toEqual([]);
  });
});

describe('the check can fail:', () => {
  test('a stop under a bar is found', async () => {
    const visitor = await browserVisitor(looks.browser, looks.origin, { javaScript: true });
    await visitor.open('/');
    await visitor.page.evaluate(() => {
      const bar = document.createElement('div');
      bar.style.cssText = 'position: fixed; inset: auto 0 0; height: 200px';
      document.body.append(bar);
    });
    expect((await hiddenStops(visitor.page)).join()).toContain('lies under a bar');
    await visitor.page.context().close();
  });

  test('a field without a label and a table that is too wide are found', async () => {
    const visitor = await browserVisitor(looks.browser, looks.origin, { javaScript: true });
    await visitor.open('/');
    await visitor.page.evaluate(() => {
      document.querySelector('label')?.remove();
      const wide = document.createElement('div');
      wide.className = 'planted';
      wide.style.width = '900px';
      wide.textContent = 'x';
      document.querySelector('main')?.append(wide);
    });
    expect((await accessibilityFaults(visitor.page)).join()).toContain('label');
    expect((await widthFaults(visitor.page)).join()).toContain('DIV.planted');
    await visitor.page.context().close();
  });
});
