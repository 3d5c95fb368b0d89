import { accepted, type Result, refused } from '../../values/result.ts';
import { type ChallengeFor, createChallenge, readChallenge } from './challenge.ts';
import type { EdsDeps, EdsReason, Evidence } from './ports.ts';

/** What goes to the browser to be signed. */
export interface Challenge {
  readonly id: string;
  /** Base64. */
  readonly data: string;
}

/** Gives out bytes to be signed. Nothing is kept of them: a flood of challenges costs no row. */
export async function giveChallenge({ edsStore, keys }: EdsDeps, asked: ChallengeFor): Promise<Challenge> {
  const { id, content } = createChallenge(keys, asked, await edsStore.now());
  return { id, data: content.toString('base64') };
}

/** What a browser brings back. */
export interface SignedChallenge {
  readonly id: string;
  /** CMS, base64 or PEM. */
  readonly signature: string;
  /** What the challenge must have been given out for. */
  readonly asked: ChallengeFor;
  /** Whose turn the verification takes: a network before sign-in, a holder after it. */
  readonly asker: string;
}

/** A signature over our own challenge, verified. */
export interface ProvedSignature {
  readonly iin: string;
  readonly evidence: Evidence;
  /** Of the challenge, by which it can be given back. */
  readonly nonce: Buffer;
}

/** `detail` holds nothing personal. */
export type SignatureRefusal = EdsReason;

/**
 * Verifies a signature over exactly the bytes that were given out. The challenge is spent before the costly step, so that of many
 * posts of one signature one gets that far; it is given back when the verification found nothing out.
 */
export async function checkSignature(
  { edsStore, keys, semaphore, verifier, edsRules }: EdsDeps,
  { id, signature, asked, asker }: SignedChallenge,
): Promise<Result<ProvedSignature, SignatureRefusal>> {
  const message = decodeMessage(signature);
  if (message === undefined) return refused('malformed');
  const given = readChallenge(keys, asked, id);
  if (!given) return refused('challengeOver');
  const endTurn = await semaphore.acquire(asker);
  if (!endTurn) return refused('busy');
  try {
    const { nonce, givenAt, content } = given;
    const at = await edsStore.spend(nonce, givenAt, edsRules.edsChallengeSeconds);
    if (!at) return refused('challengeOver');
    const forSignature = asked.purpose === 'change';
    const verdict = await verifier.verify({ message, content, at, forSignature, asker });
    if (!verdict.ok) {
      if (isPassing(verdict.reason)) await edsStore.giveBack(nonce);
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
    endTurn();
  }
}

/** The DER of a signature sent as PEM or base64; undefined when it is neither. */
function decodeMessage(text: string): Buffer | undefined {
  const base64 = text.replace(/-----(?:BEGIN|END) [A-Z0-9 ]+-----/g, '').replace(/\s/g, '');
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return Buffer.from(base64, 'base64');
}

/** What a person is told: the nine ways in which a message can be no signature of theirs are one to them. */
export type ShownReason = Exclude<EdsReason, (typeof brokenMessages)[number]> | 'badMessage';

const brokenMessages = [
  'malformed',
  'tooLarge',
  'noSigner',
  'severalSigners',
  'noSignedAttributes',
  'contentMismatch',
  'algorithmNotAllowed',
  'certificateMissing',
  'badSignature',
] as const satisfies readonly EdsReason[];

/** The words under which a reason is told. */
export function shownReason(reason: EdsReason): ShownReason {
  return isBrokenMessage(reason) ? 'badMessage' : reason;
}

/** Since when no certificate could be checked, where that is the reason. */
export function unknownSince({
  reason,
  detail,
}: {
  readonly reason: EdsReason;
  readonly detail?: string | undefined;
}): Date | undefined {
  return reason === 'revocationUnknown' && detail !== undefined ? new Date(detail) : undefined;
}

/** Reasons that say nothing against the signature: the same one may be sent again. */
const passing: readonly EdsReason[] = ['revocationUnknown', 'busy', 'fundDown'];

/** Whether the same signature may be sent again later. */
function isPassing(reason: EdsReason): boolean {
  return passing.includes(reason);
}

/** Seconds after which the same signature may be sent again; undefined where it never will do. */
export function retryAfter(reason: EdsReason): number | undefined {
  return isPassing(reason) ? (reason === 'busy' ? 3 : 10) : undefined;
}

function isBrokenMessage(reason: EdsReason): reason is (typeof brokenMessages)[number] {
  return (brokenMessages as readonly EdsReason[]).includes(reason);
}
