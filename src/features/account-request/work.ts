import { randomInt } from 'node:crypto';
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { z } from 'zod';
import type { Keys } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { TypedRequest } from './account-request.ts';
import { spendWork } from './work-store.ts';

/*
 * A proof of work: the visitor's device calculates for some seconds before a code is sent. It is
 * asked for while somebody is guessing codes, or once a network has asked too often. A person pays
 * it once, an attacker for every guess (docs/decisions/140).
 */

/** Seconds in which a challenge may be answered, by the database's clock. */
const workSeconds = 120;

/**
 * Rounds of PBKDF2-SHA-256 in one derivation, and the range of derivations: 1.5 million rounds in
 * all, give or take a fifth. One core of a server takes 0.3 s for that, Chromium slowed down six
 * times takes 2 to 4 s.
 */
const cost = 7_500;
const derivations = { least: 160, most: 240 } as const;

export interface ProofOfWorkDeps {
  readonly keys: Keys;
  readonly database: Queryable;
}

/**
 * What a proof is bound to: the person named, their contact, and the browser (the secret of its
 * cookie).
 */
export interface WorkFor {
  readonly typed: TypedRequest;
  readonly browser: string;
}

const payloadShape = z.object({
  challenge: z.object({
    parameters: z.object({
      algorithm: z.literal('PBKDF2/SHA-256'),
      nonce: z.string().regex(/^[0-9a-f]{32}$/),
      salt: z.string().regex(/^[0-9a-f]{32}$/),
      cost: z.literal(cost),
      keyLength: z.literal(32),
      keyPrefix: z.string().regex(/^[0-9a-f]{32}$/),
      keySignature: z.string().regex(/^[0-9a-f]{64}$/),
      data: z.object({ binding: z.string().max(100), madeAt: z.number().int() }),
    }),
    signature: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  solution: z.object({ counter: z.number().int().min(0), derivedKey: z.string().regex(/^[0-9a-f]{64}$/) }),
});

/**
 * Creates a challenge for one person, contact and browser. The server keeps nothing of it: a row is
 * written only when the work was done.
 * @param madeAt the database's time, milliseconds since 1970
 */
export function createWorkChallenge(keys: Keys, whom: WorkFor, madeAt: number): Promise<Challenge> {
  return createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost,
    counter: randomInt(derivations.least, derivations.most + 1),
    data: { binding: bindingOf(keys, whom), madeAt },
    deriveKey,
    ...secretsOf(keys),
  });
}

/**
 * Whether `proof`, as the browser's script sent it, answers a challenge given for this person,
 * contact and browser. A proof is valid once.
 */
export async function checkWork(
  { keys, database }: ProofOfWorkDeps,
  whom: WorkFor,
  proof: string,
): Promise<boolean> {
  const payload = readProof(proof);
  if (!payload) return false;
  const { challenge, solution } = payload;
  const { binding, madeAt } = challenge.parameters.data;
  if (binding !== bindingOf(keys, whom)) return false;
  const { verified } = await verifySolution({ challenge, solution, deriveKey, ...secretsOf(keys) });
  if (!verified) return false;
  return spendWork(database, keys.sign('work done', challenge.parameters.nonce), madeAt, workSeconds);
}

function readProof(proof: string): z.output<typeof payloadShape> | undefined {
  try {
    return payloadShape.safeParse(JSON.parse(Buffer.from(proof, 'base64').toString())).data;
  } catch {
    return undefined;
  }
}

function secretsOf(keys: Keys) {
  return {
    hmacSignatureSecret: keys.sign('work', 'challenge').toString('base64url'),
    hmacKeySignatureSecret: keys.sign('work', 'key').toString('base64url'),
  };
}

function bindingOf(keys: Keys, { typed: { iin, contact }, browser }: WorkFor): string {
  return keys
    .sign('work for', JSON.stringify([iin, contact.channel, contact.value, browser]))
    .toString('base64url');
}
