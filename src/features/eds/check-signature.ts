import type { Keys } from '../../platform/keys.ts';
import { readNow } from '../../platform/postgres/clock.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { FairSemaphore } from '../../platform/semaphore.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { type ChallengeFor, createChallenge, readChallenge } from './challenge.ts';
import { type EdsReason, isPassing } from './reasons.ts';
import type { EdsSettings } from './settings.ts';
import { type Evidence, giveBackChallenge, spendChallenge } from './store.ts';
import type { SignatureVerifier } from './verifier.ts';

export interface EdsDeps {
  readonly database: Queryable;
  readonly verifier: SignatureVerifier;
  readonly edsSemaphore: FairSemaphore;
  readonly keys: Keys;
  readonly edsSettings: EdsSettings;
}

/** The bytes that a browser gets to sign, with their id. */
export interface Challenge {
  readonly id: string;
  /** Base64. */
  readonly data: string;
}

/** Gives out bytes to be signed. Nothing is stored, so a flood of challenges costs no row. */
export async function giveChallenge(
  { database, keys }: Pick<EdsDeps, 'database' | 'keys'>,
  asked: ChallengeFor,
): Promise<Challenge> {
  const { id, content } = createChallenge(keys, asked, await readNow(database));
  return { id, data: content.toString('base64') };
}

/** A signature that a browser sends, with the id of its challenge. */
export interface SignedChallenge {
  readonly id: string;
  /** CMS, base64 or PEM. */
  readonly signature: string;
  /** What the challenge must have been given out for. */
  readonly asked: ChallengeFor;
  /** Whose share of the verifier it uses: the network's before sign-in, the holder's after it. */
  readonly requester: string;
}

/** A verified signature over a challenge of ours. */
export interface ProvedSignature {
  readonly iin: string;
  readonly evidence: Evidence;
  /** The challenge's nonce, by which it can be made valid again. */
  readonly nonce: Buffer;
}

/**
 * Verifies a signature over exactly the bytes that were given out. The challenge is spent before
 * the costly step, so only one of many posts of the same signature gets that far. It becomes valid
 * again when the verification had no result. The `detail` of a refusal contains nothing personal.
 */
export async function checkSignature(
  deps: EdsDeps,
  { id, signature, asked, requester }: SignedChallenge,
): Promise<Result<ProvedSignature, EdsReason>> {
  const { database, keys, edsSemaphore, verifier, edsSettings } = deps;
  const message = decodeMessage(signature);
  if (message === undefined) return refused('malformed');
  const given = readChallenge(keys, asked, id);
  if (!given) return refused('challengeOver');
  const release = await edsSemaphore.acquire(requester);
  if (!release) return refused('busy');
  try {
    const { nonce, givenAt, content } = given;
    const at = await spendChallenge(database, nonce, givenAt, edsSettings.challengeSeconds);
    if (!at) return refused('challengeOver');
    const forSignature = asked.purpose === 'change';
    const verdict = await verifier.verify({ message, content, at, forSignature, requester });
    if (!verdict.ok) {
      if (isPassing(verdict.reason)) await giveBackChallenge(database, nonce);
      return refused(verdict.reason, verdict.detail);
    }
    const { value } = verdict;
    return accepted({
      iin: value.iin,
      nonce,
      evidence: {
        purpose: asked.purpose,
        content,
        cms: message,
        signature: value,
        challengedAt: givenAt,
      },
    });
  } finally {
    release();
  }
}

/** The DER of a signature sent as PEM or base64. Undefined when it is neither. */
export function decodeMessage(text: string): Buffer | undefined {
  const base64 = text.replace(/-----(?:BEGIN|END) [A-Z0-9 ]+-----/g, '').replace(/\s/g, '');
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return Buffer.from(base64, 'base64');
}
