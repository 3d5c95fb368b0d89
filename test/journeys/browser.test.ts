import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import type { Way } from './journey.ts';
import { requisitesJourneys } from './requisites.ts';
import { signInJourneys } from './sign-in.ts';
import { openWorld } from './world.ts';

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

const ways: readonly Way[] = ['browser without JavaScript', 'browser with JavaScript'];
const journeys = [...signInJourneys, ...requisitesJourneys];

describe.each(ways)('journeys in a %s', (way) => {
  test.each(journeys.filter((journey) => journey.ways?.includes(way) ?? true))('$name', async (journey) => {
    const javaScript = way === 'browser with JavaScript';
    const world = openWorld(service, () => browserVisitor(browser, origin, { javaScript }));
    await journey.run(world);
    await world.end();
  });
});
