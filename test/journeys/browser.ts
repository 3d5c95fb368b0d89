import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import { addressJourneys } from './addresses.ts';
import { contactJourneys } from './contact.ts';
import type { Way } from './journey.ts';
import { onFileJourneys } from './on-file.ts';
import { registrationJourneys, securityJourneys } from './registration.ts';
import { requisitesJourneys } from './requisites.ts';
import { signInJourneys } from './sign-in.ts';
import { twoTabsJourneys } from './two-tabs.ts';
import { openWorld } from './world.ts';

/** Makes every journey in Chromium, with or without the pages' scripts. A file for each, so that both cores have work. */
export function makeJourneysInBrowser(way: Exclude<Way, 'inject'>): void {
  const javaScript = way === 'browser with JavaScript';
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

  describe.each([
    ['sign-in', signInJourneys],
    ['requisites', requisitesJourneys],
    ['on file', onFileJourneys],
    ['addresses', addressJourneys],
    ['contact', contactJourneys],
    ['registration', registrationJourneys],
    ['security', securityJourneys],
    ['two tabs', twoTabsJourneys],
  ])(`%s, in a ${way}`, (_area, journeys) => {
    test.each(journeys.filter(({ ways }) => ways?.includes(way) ?? true))('$name', async (journey) => {
      const world = openWorld(service, () => browserVisitor(browser, origin, { javaScript }));
      await journey.run(world);
      await world.end();
    });
  });
}
