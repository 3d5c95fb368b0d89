import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Language, languages } from '../../src/values/language.ts';
import { accessibilityFaults, widthFaults } from '../support/accessibility.ts';
import { type BrowserVisitor, browserVisitor } from '../support/browser-visitor.ts';
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
  await check(await looks.reach(language, variant, check));
  return faults;
}

test('every page of the route table is in the table of this test', () => {
  const shown = looks.service.routes
    .filter(
      ({ method, access, url }) =>
        method === 'GET' && access !== 'machine' && !/\.[a-z]+$|^\/api\//.test(url),
    )
    .map(({ url }) => url);
  expect([...new Set(shown)].sort()).toEqual(Object.keys(pages).sort());
});

// Pages differ between languages only in their texts. One language is enough, unless `npm test --
// --all` asks for all.
const looked: readonly Language[] = process.env['TEST_COMPLETE'] === undefined ? ['kk'] : languages;

describe.each(looked)('in %s, axe finds nothing and nothing overflows at 320 pixels', (language) => {
  describe.each(Object.entries(pages))('%s', (_route, variants) => {
    test.each(variants)('%s', async (...variant) => {
      expect(await look(language, variant)).toEqual([]);
    });
  });

  afterAll(async () => (await looks.visitorFor(language)).leave());

  test.each(outagePages)('outage: %s', async (...variant) => {
    expect(await look(language, variant)).toEqual([]);
  });

  test.each(problemPages)('problem page: %s', async (...variant) => {
    expect(await look(language, variant)).toEqual([]);
  });
});

describe('the check can fail:', () => {
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
