import { afterAll, beforeAll, describe, test } from 'vitest';
import { injectVisitor } from '../support/inject-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import { addressJourneys } from './addresses.ts';
import { contactJourneys } from './contact.ts';
import { onFileJourneys } from './on-file.ts';
import { registrationJourneys, securityJourneys } from './registration.ts';
import { requisitesJourneys } from './requisites.ts';
import { signInJourneys } from './sign-in.ts';
import { twoTabsJourneys } from './two-tabs.ts';
import { openWorld } from './world.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

describe.each([
  ['sign-in', signInJourneys],
  ['requisites', requisitesJourneys],
  ['on file', onFileJourneys],
  ['addresses', addressJourneys],
  ['contact', contactJourneys],
  ['registration', registrationJourneys],
  ['security', securityJourneys],
  ['two tabs', twoTabsJourneys],
])('%s, by HTTP', (_area, journeys) => {
  test.each(journeys.filter(({ ways }) => ways?.includes('inject') ?? true))('$name', async (journey) => {
    const world = openWorld(service, async () => injectVisitor(service.server));
    await journey.run(world);
    await world.end();
  });
});
