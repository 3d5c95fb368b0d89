import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import type { Journey, Way } from './journey.ts';
import { areas, everyForm, withoutForm, withScripts } from './scenarios/areas.ts';
import { openWorld } from './world.ts';

/**
 * Runs journeys in Chromium, with or without the pages' scripts. Each way has its own file, so that
 * both cores have work.
 */
export function makeJourneysInBrowser(way: Exclude<Way, 'inject'>): void {
  const javaScript = way === 'browser with JavaScript';
  const isWanted = ({ name, ways }: Journey): boolean =>
    (ways?.includes(way) ?? true) &&
    (process.env['TEST_COMPLETE'] !== undefined || (javaScript ? withScripts : everyForm).has(name));
  const posted = new Set<string>();
  let service: TestService;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    service = await startService();
    origin = await service.listen();
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  describe.each(areas.filter(([, journeys]) => journeys.some(isWanted)))(
    `%s, in a ${way}`,
    (_area, journeys) => {
      test.each(journeys.filter(isWanted))('$name', async (journey) => {
        const onPost = (path: string) => posted.add(path);
        const world = openWorld(service, () => browserVisitor(browser, origin, { javaScript, onPost }));
        await journey.run(world);
        await world.end();
      });
    },
  );

  test('the journeys that are chosen by name are there', () => {
    const names = new Set(areas.flatMap(([, journeys]) => journeys.map(({ name }) => name)));
    expect([...everyForm, ...withScripts].filter((name) => !names.has(name))).toEqual([]);
  });

  if (!javaScript) {
    test('together they have posted every form', () => {
      const patterns = [...posted].map((path) => path.replace(/^\/not-me\/.+/, '/not-me/:link'));
      const forms = service.routes.filter(
        ({ method, url, access }) => method === 'POST' && access !== 'machine' && !withoutForm.includes(url),
      );
      expect(forms.map(({ url }) => url).filter((url) => !patterns.includes(url))).toEqual([]);
    });
  }
}
