import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { textsOf } from '../../src/texts/texts.ts';
import { heading, readPage } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// 150 forms of one person at once: two reach the database, some wait without a connection, and the
// others keep what was typed.

const path = '/services/requisites';

describe.each(['all', 'web'])('with ROLE=%s', (role) => {
  const [person, other] = [inventPerson(6_950), inventPerson(6_951)];
  let service: TestService;
  /** While this is set, no transaction continues. */
  let held: Promise<void> | undefined;
  const transactions = { active: 0, most: 0 };

  beforeAll(async () => {
    service = await startService(
      { ROLE: role },
      {
        work: false,
        through: (database) => ({
          ...database,
          transaction: async (work, options) => {
            transactions.active += 1;
            transactions.most = Math.max(transactions.most, transactions.active);
            try {
              await held;
              return await database.transaction(work, options);
            } finally {
              transactions.active -= 1;
            }
          },
        }),
      },
    );
    for (const one of [person, other]) await service.enrol(one);
  });

  afterAll(() => service.close());

  test('leave connections for everybody else, and nothing typed is lost', async () => {
    const holder = await signedIn(service, person);
    const neighbour = await signedIn(service, other);
    const page = await holder.get(path);
    await neighbour.get(path);
    transactions.most = 0;
    let release: () => void = () => undefined;
    held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const settled: number[] = [];
    const answers = Array.from({ length: 150 }, async (_, n) => {
      // Each apartment differs from the one on file, because a form without a change needs no
      // transaction.
      const form = formOf(page.body, path, { apartment: String(n + 1001), formId: randomUUID() });
      const answer = await holder.post(path, form);
      settled.push(answer.status);
      return answer;
    });
    try {
      await vi.waitFor(() => expect([transactions.active, settled.length >= 100]).toEqual([2, true]), {
        timeout: 40_000,
      });
      expect(new Set(settled)).toEqual(new Set([503]));
      expect((await neighbour.get(path)).status).toBe(200);
    } finally {
      release();
      held = undefined;
    }
    const all = await Promise.all(answers);
    expect(transactions.most).toBe(2);
    const refused = all.filter(({ status }) => status === 503);
    expect(refused.filter(({ body }) => !/name="apartment" value="\d+"/.test(body))).toEqual([]);
    const [kept] = refused;
    expect(heading(readPage(kept?.body ?? ''))).toBe(textsOf('kk').outages.busy.title);
    expect(Number(kept?.headers['retry-after'])).toBeGreaterThan(0);
    // All forms had the same revision, so one is saved and the others show both versions.
    expect(all.filter(({ status }) => status === 303)).toHaveLength(1);
    expect([303, 409]).toContain((await holder.post(path, formOf(kept?.body ?? '', path))).status);
  });
});
