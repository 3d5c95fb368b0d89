import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findFirefox } from '../../scripts/other-browsers.mjs';
import {
  type CheckTab,
  checkJourneys,
  checkPlaces,
  checkWithoutNetwork,
} from '../journeys/scenarios/check.ts';
import { type CheckWorld, openCheckWorld } from '../support/check-world.ts';
import { type Firefox, startFirefox } from '../support/firefox.ts';

// The journeys of the page that checks receipts, in Firefox. Skipped where there is none, which
// `npm test -- --all` says.

const program = findFirefox();

let world: CheckWorld;
let firefox: Firefox;

beforeAll(async () => {
  if (program === undefined) return;
  world = await openCheckWorld(9_994);
  firefox = await startFirefox(program);
});

afterAll(async () => {
  await firefox?.close();
  await world?.close();
});

async function openTab(): Promise<CheckTab> {
  const tab = await firefox.profile();
  const read = <Value>(expression: string) => tab.evaluate<Value>(`return ${expression}`);
  let before = 0;
  return {
    async open(url) {
      await tab.goto(url);
      before = tab.requests().length;
    },
    choose: (selector, path) => tab.upload(selector, path),
    async type(selector, text) {
      await tab.evaluate('document.querySelector(args[0]).focus()', selector);
      await tab.type(text);
    },
    press: (key) => tab.press(key),
    read,
    until: (expression) =>
      vi.waitFor(async () => expect(await read<boolean>(expression), expression).toBe(true), {
        timeout: 15_000,
        interval: 20,
      }),
    // Firefox fetches the icon of the page by itself, some time after the page.
    requests: () =>
      tab
        .requests()
        .slice(before)
        .filter((url) => !/\/assets\/icon-\w+\.svg$/.test(url)),
    close: () => tab.leave(),
  };
}

describe.each(checkPlaces)('in Firefox, %s', (place) => {
  test.skipIf(program === undefined).each(checkJourneys)('$name', async ({ run }) => {
    const tab = await openTab();
    await run(tab, world, place);
    await tab.close();
  });
});

test.skipIf(program === undefined)('in Firefox, the page goes on after its server has gone', async () => {
  const tab = await openTab();
  await checkWithoutNetwork(tab, world);
  await tab.close();
});
