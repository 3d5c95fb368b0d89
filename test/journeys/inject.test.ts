import { afterAll, beforeAll, describe, test } from 'vitest';
import { injectVisitor } from '../support/inject-visitor.ts';
import { startService, type TestService } from '../support/service.ts';
import { areas } from './scenarios/areas.ts';
import { openWorld } from './world.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

describe.each(areas)('%s, by HTTP', (_area, journeys) => {
  test.each(journeys.filter(({ ways }) => ways?.includes('inject') ?? true))('$name', async (journey) => {
    const world = openWorld(service, async () => injectVisitor(service.server));
    await journey.run(world);
    await world.end();
  });
});
