import { expect, test } from 'vitest';
import { createKeys } from '../../platform/keys.ts';
import { createFairSemaphore } from '../../platform/semaphore.ts';
import type { ChallengeFor } from './challenge.ts';
import { checkSignature, giveChallenge, retryAfter } from './eds.ts';
import type { EdsDeps, EdsReason, SignatureVerifier } from './ports.ts';

// What becomes of a challenge by what the verifier says. The database's part is tested in `test/security/eds-limits.test.ts`.

const asked: ChallengeFor = {
  purpose: 'sign-in',
  binding: Buffer.from('browser'),
  site: 'https://cabinet.example.kz',
};
const now = new Date('2026-11-28T09:00:00Z');

/** A verifier with this word, and a store that keeps in mind what is spent. */
function parts(verify: SignatureVerifier['verify'], waitingEach = 2) {
  const spent = new Set<string>();
  const edsStore: EdsDeps['edsStore'] = {
    now: async () => now,
    async spend(nonce) {
      if (spent.has(nonce.toString('hex'))) return undefined;
      spent.add(nonce.toString('hex'));
      return now;
    },
    async giveBack(nonce) {
      spent.delete(nonce.toString('hex'));
    },
    findMessage: async () => undefined,
  };
  const made: EdsDeps = {
    edsStore,
    keys: createKeys(['k'.repeat(32)]),
    verifier: { verify },
    semaphore: createFairSemaphore({ atOnce: 1, waitingEach, waitingInAll: 10 }),
    edsRules: { edsChallengeSeconds: 120 },
  };
  return { spent, made };
}

async function reasonOf(made: EdsDeps, id: string): Promise<EdsReason | undefined> {
  const checked = await checkSignature(made, { id, signature: 'AAAA', asked, asker: 'network' });
  return checked.ok ? undefined : checked.reason;
}

const saying = (reason: EdsReason) => parts(async () => ({ ok: false, reason }));

test.each<EdsReason>(['busy', 'revocationUnknown'])(
  '%s: the challenge is good again, to be sent later',
  async (reason) => {
    const { made, spent } = saying(reason);
    const { id } = await giveChallenge(made, asked);
    for (let i = 0; i < 3; i += 1) expect(await reasonOf(made, id)).toBe(reason);
    expect(spent.size).toBe(0);
    expect(retryAfter(reason)).toBeGreaterThan(0);
  },
);

test.each<EdsReason>(['malformed', 'badSignature', 'revoked', 'expired'])(
  '%s: the challenge is spent',
  async (reason) => {
    const { made } = saying(reason);
    const { id } = await giveChallenge(made, asked);
    expect(await reasonOf(made, id)).toBe(reason);
    expect(await reasonOf(made, id)).toBe('challengeOver');
    expect(retryAfter(reason)).toBeUndefined();
  },
);

test('a full queue is told before anything is spent, and a fault of the verifier frees its turn', async () => {
  let finish: (() => void) | undefined;
  const held = parts(
    () =>
      new Promise((_resolve, reject) => {
        finish = () => reject(new Error('the verifier thread ended'));
      }),
    0,
  );
  const [first, second] = [await giveChallenge(held.made, asked), await giveChallenge(held.made, asked)];
  const running = reasonOf(held.made, first.id);
  await expect.poll(() => finish).toBeDefined();
  expect(await reasonOf(held.made, second.id)).toBe('busy');
  expect(held.spent.size).toBe(1);
  finish?.();
  await expect(running).rejects.toThrow('thread ended');
  const next = reasonOf(held.made, second.id);
  await expect.poll(() => held.spent.size).toBe(2);
  finish?.();
  await expect(next).rejects.toThrow('thread ended');
});

test('a seal of another key, browser, site or purpose is none', async () => {
  const { made, spent } = saying('busy');
  const { id } = await giveChallenge(made, asked);
  for (const other of [
    { ...asked, binding: Buffer.from('other') },
    { ...asked, site: 'https://other.example.kz' },
    { ...asked, purpose: 'change' as const, change: { id: 'c', lines: [] } },
  ]) {
    const checked = await checkSignature(made, { id, signature: 'AAAA', asked: other, asker: 'network' });
    expect(checked).toMatchObject({ ok: false, reason: 'challengeOver' });
  }
  const otherKey = { ...made, keys: createKeys(['x'.repeat(32)]) };
  expect(await reasonOf(otherKey, id)).toBe('challengeOver');
  // A key that signs no longer still verifies.
  expect(await reasonOf({ ...made, keys: createKeys(['x'.repeat(32), 'k'.repeat(32)]) }, id)).toBe('busy');
  expect(spent.size).toBe(0);
});
