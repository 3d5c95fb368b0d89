import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { injectClient } from '../../../test/support/client.ts';
import { inventPerson } from '../../../test/support/people.ts';
import { startService, type TestService } from '../../../test/support/service.ts';
import { formOf, signedIn } from '../../../test/support/signed-in.ts';
import { createMetrics } from './metrics.ts';
import type { Readings } from './readings-store.ts';

const nothing: Readings = {
  lanes: [],
  codes: [],
  tries: { right: 0, wrong: 0 },
  alerts: [],
  jobs: [],
  sealSeconds: undefined,
  sessions: 0,
  reachability: undefined,
  overdue: [],
};

test('a scrape does not count its own question among the requests that wait', async () => {
  let waiting = 0;
  const metrics = createMetrics({
    async readings() {
      waiting += 1;
      return nothing;
    },
    channels: () => ({}),
    breakers: [],
    certificates: {},
    trusted: async () => [],
    maintenance: () => ({ kind: 'none' }),
    database: () => undefined,
    standby: () => undefined,
    pool: () => ({ total: 1, idle: 0, waiting }),
  });
  expect(await metrics.text()).toContain('kabinet_database_connections{state="waiting"} 0');
});

describe('what people came for is counted by its outcome', () => {
  const person = inventPerson(9_430);
  let service: TestService;

  beforeAll(async () => {
    service = await startService({}, { work: false });
    await service.enrol(person);
  });

  afterAll(() => service.close());

  const counted = async (action: string, outcome: string) =>
    Number(
      new RegExp(`^kabinet_actions_total\\{action="${action}",outcome="${outcome}"\\} (\\d+)$`, 'm').exec(
        await service.metrics.text(),
      )?.[1] ?? 0,
    );

  test('sign-ins and saves, in the metrics and in the log', async () => {
    const stranger = injectClient(service.server);
    const page = await stranger.get('/sign-in');
    await stranger.post(
      '/sign-in',
      formOf(page.body, '/sign-in', { iin: person.iin, password: 'not this one' }),
    );
    const client = await signedIn(service, person);
    const path = '/services/requisites';
    const save = async (values: Readonly<Record<string, string>>) =>
      client.post(path, formOf((await client.get(path)).body, path, values));
    await save({});
    await save({ apartment: '17' });
    await save({ apartment: 'x'.repeat(500) });

    expect(await counted('sign-in-password', 'failed')).toBe(1);
    expect(await counted('sign-in-password', 'signed-in')).toBe(1);
    expect(await counted('save', 'unchanged')).toBe(1);
    expect(await counted('save', 'saved')).toBe(1);
    expect(await counted('save', 'invalid')).toBe(1);
    expect(service.logLines.some((line) => line.includes('"action":"save","outcome":"saved"'))).toBe(true);
  });

  test("a channel without a gateway is not down, and the authority's certificates have an end", async () => {
    const without = await startService({ DEMO: '0', EDS_TRUST: 'production' }, { work: false });
    try {
      const text = await without.metrics.text();
      expect(text).not.toContain('kabinet_channel_available{');
      const left = [...text.matchAll(/^kabinet_trust_valid_seconds\{certificate="(\S+)"\} (\d+)/gm)];
      expect(left.map(([, name]) => name)).toContain('nca_gost_2022.cer');
      for (const [, , seconds] of left) expect(Number(seconds)).toBeGreaterThan(86_400);
      expect(text).toMatch(/^kabinet_build_info\{version="[\d.]+",build="\w+",node="v\d+\.\d+\.\d+"\} 1$/m);
    } finally {
      await without.close();
    }
  });
});
