import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase } from '../../../test/support/database.ts';
import { createKeys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { createFairSemaphore } from '../../platform/semaphore.ts';
import type { ChallengeFor } from './challenge.ts';
import { checkSignature, type EdsDeps, giveChallenge } from './check-signature.ts';
import { type EdsReason, retryAfter } from './reasons.ts';
import type { SignatureVerifier } from './verifier.ts';

// How a challenge ends, depending on the verifier's answer.

const asked: ChallengeFor = {
  purpose: 'sign-in',
  binding: Buffer.from('browser'),
  site: 'https://cabinet.example.kz',
};

let database: Database;
let drop: () => Promise<void>;

beforeAll(async () => {
  ({ database, drop } = await freshDatabase());
});

beforeEach(() => database.run(sql`delete from cabinet.eds_spent`));
afterAll(() => drop());

/** Dependencies with a verifier that gives the answer of `verify`. */
function depsWith(verify: SignatureVerifier['verify'], waitingEach = 2): EdsDeps {
  return {
    database,
    keys: createKeys(['k'.repeat(32)]),
    verifier: { verify },
    edsSemaphore: createFairSemaphore({ atOnce: 1, waitingEach, waitingInAll: 10 }),
    edsSettings: { challengeSeconds: 120 },
  };
}

/** The number of spent challenges. */
async function spent(): Promise<number | undefined> {
  return (await database.first<{ n: number }>(sql`select count(*)::int as n from cabinet.eds_spent`))?.n;
}

async function reasonOf(deps: EdsDeps, id: string): Promise<EdsReason | undefined> {
  const checked = await checkSignature(deps, { id, signature: 'AAAA', asked, requester: 'network' });
  return checked.ok ? undefined : checked.reason;
}

const refusingWith = (reason: EdsReason) => depsWith(async () => ({ ok: false, reason }));

test.each<EdsReason>(['busy', 'revocationUnknown'])(
  '%s: the challenge stays valid, to be sent again later',
  async (reason) => {
    const deps = refusingWith(reason);
    const { id } = await giveChallenge(deps, asked);
    for (let i = 0; i < 3; i += 1) expect(await reasonOf(deps, id)).toBe(reason);
    expect(await spent()).toBe(0);
    expect(retryAfter(reason)).toBeGreaterThan(0);
  },
);

test.each<EdsReason>(['malformed', 'badSignature', 'revoked', 'expired'])(
  '%s: the challenge is spent',
  async (reason) => {
    const deps = refusingWith(reason);
    const { id } = await giveChallenge(deps, asked);
    expect(await reasonOf(deps, id)).toBe(reason);
    expect(await reasonOf(deps, id)).toBe('challengeOver');
    expect(retryAfter(reason)).toBeUndefined();
  },
);

test('a full queue is reported before anything is spent, and an error of the verifier frees its place', async () => {
  let finish: (() => void) | undefined;
  const held = depsWith(
    () =>
      new Promise((_resolve, reject) => {
        finish = () => reject(new Error('the verifier thread ended'));
      }),
    0,
  );
  const [first, second] = [await giveChallenge(held, asked), await giveChallenge(held, asked)];
  const running = reasonOf(held, first.id);
  await expect.poll(() => finish).toBeDefined();
  expect(await reasonOf(held, second.id)).toBe('busy');
  expect(await spent()).toBe(1);
  finish?.();
  await expect(running).rejects.toThrow('thread ended');
  const next = reasonOf(held, second.id);
  await expect.poll(spent).toBe(2);
  finish?.();
  await expect(next).rejects.toThrow('thread ended');
});

test('a seal for another key, browser, site or purpose is refused', async () => {
  const deps = refusingWith('busy');
  const { id } = await giveChallenge(deps, asked);
  for (const other of [
    { ...asked, binding: Buffer.from('other') },
    { ...asked, site: 'https://other.example.kz' },
    { ...asked, purpose: 'change' as const, change: { id: 'c', lines: [] } },
  ]) {
    const checked = await checkSignature(deps, { id, signature: 'AAAA', asked: other, requester: 'network' });
    expect(checked).toMatchObject({ ok: false, reason: 'challengeOver' });
  }
  const otherKey = { ...deps, keys: createKeys(['x'.repeat(32)]) };
  expect(await reasonOf(otherKey, id)).toBe('challengeOver');
  // A key that is no longer used for signing still verifies.
  expect(await reasonOf({ ...deps, keys: createKeys(['x'.repeat(32), 'k'.repeat(32)]) }, id)).toBe('busy');
  expect(await spent()).toBe(0);
});
