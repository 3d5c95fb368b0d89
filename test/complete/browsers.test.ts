import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFirefox, findWebKit } from '../../scripts/other-browsers.mjs';
import { type Journey, openRequisites } from '../journeys/journey.ts';
import { addressJourneys } from '../journeys/scenarios/addresses.ts';
import { contactJourneys } from '../journeys/scenarios/contact.ts';
import { registrationJourneys, securityJourneys } from '../journeys/scenarios/registration.ts';
import { requisitesJourneys } from '../journeys/scenarios/requisites.ts';
import { signInJourneys } from '../journeys/scenarios/sign-in.ts';
import { openWorld } from '../journeys/world.ts';
import { type DrivenTab, drivenVisitor, type Site } from '../support/driven-visitor.ts';
import { startFirefox } from '../support/firefox.ts';
import { startService, type TestService } from '../support/service.ts';
import { startWebKit } from '../support/webkit.ts';

/** The main journeys of people. Chromium runs every journey; these browsers run only these. */
const main: readonly string[] = [
  'sign in on the start page, and sign out',
  'a wrong password, then the right one',
  'Back shows nothing after signing out',
  'all errors are shown at once',
  'cancel asks when something was typed, and then forgets it',
  'the language is switched while a form is filled in, and everything typed stays',
  'two tabs: the second shows both versions, keeps what was typed, and can save',
  'an address typed by hand is saved as entered, with the switch on and off',
  'change the mobile: codes to both numbers, notices to all channels, other browsers signed out',
  'change the e-mail together with the address',
  'register by mobile from the start page',
  'recover a forgotten password: every session ends, and mobile and e-mail cannot be changed',
  'change the password: the other session ends, and this one continues',
];

const all: readonly Journey[] = [
  ...signInJourneys,
  ...requisitesJourneys,
  ...addressJourneys,
  ...contactJourneys,
  ...registrationJourneys,
  ...securityJourneys,
];

const firefox = findFirefox();
const webkit = findWebKit();
const browsers = [
  { name: 'Firefox', start: firefox === undefined ? undefined : () => startFirefox(firefox) },
  { name: 'WebKitGTK', start: webkit === undefined ? undefined : () => startWebKit(webkit) },
];

test('every main journey exists', () => {
  expect(main.filter((name) => !all.some((journey) => journey.name === name))).toEqual([]);
});

describe.each(browsers)('in $name', ({ start }) => {
  let service: TestService;
  let site: Site;
  let browser: { profile(): Promise<DrivenTab>; close(): Promise<void> };

  beforeAll(async () => {
    if (start === undefined) return;
    service = await startService();
    site = { origin: await service.listen(), status: () => lastStatus(service) };
    browser = await start();
  });

  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  const world = () => openWorld(service, async () => drivenVisitor(await browser.profile(), site));

  test.skipIf(start === undefined).each(all.filter(({ name }) => main.includes(name)))(
    '$name',
    async (journey) => {
      const around = world();
      await journey.run(around);
      await around.end();
    },
  );

  test.skipIf(start === undefined)('Enter in the address does not save while suggestions load', async () => {
    const around = world();
    const person = await around.person();
    const tab = await browser.profile();
    const visitor = drivenVisitor(tab, site);
    await openRequisites(visitor, person);
    await visitor.fill('Мекенжай', 'Алматы');
    await tab.press('ArrowDown');
    await tab.press('Enter');
    expect(await visitor.path()).toBe('/services/requisites');
    expect(await around.saved(person)).toMatchObject({ changes: 0 });
    await visitor.leave();
    await around.end();
  });
});

/**
 * The status of the last page in the service's log, without redirects, scripts and requests by
 * scripts.
 */
function lastStatus({ logLines }: TestService): number {
  for (const line of logLines.toReversed()) {
    const { msg, route, status } = JSON.parse(line) as { msg?: string; route?: string; status?: number };
    if (msg !== 'answered' || status === undefined || (status >= 300 && status < 400)) continue;
    if (!/^\/(?:assets|api|session)\b/.test(route ?? '')) return status;
  }
  throw new Error('no page was answered yet');
}
