import { randomBytes, randomUUID } from 'node:crypto';
import { accepted, type Result, refused } from '../../result.ts';
import type { EdsParts, EdsPurpose, EdsReason, Evidence, TakenChallenge } from './ports.ts';

/** What goes to the browser to be signed. */
export interface Challenge {
  readonly id: string;
  /** Base64. */
  readonly data: string;
}

/** Whom a challenge is for: the browser before sign-in, the session after it; a hash of its cookie. */
export interface ChallengeFor {
  readonly purpose: EdsPurpose;
  readonly binding: Buffer;
  /** The origin people see. */
  readonly site: string;
  /** The change it is about, and its text in the person's language. */
  readonly change?: { readonly id: string; readonly lines: readonly string[] };
}

const purposes: Readonly<Record<EdsPurpose, { readonly kk: string; readonly ru: string }>> = {
  'sign-in': { kk: 'кіру', ru: 'вход' },
  change: { kk: 'деректемелерді өзгертуге қол қою', ru: 'подписание изменения реквизитов' },
};

/**
 * Gives out bytes to be signed: a line in Kazakh and one in Russian that say where and what for, then the same for machines,
 * then the change, then 256 random bits. NCALayer does not show them, but whoever verifies the signature later can read them.
 */
export async function giveChallenge(
  { edsStore, edsRules }: EdsParts,
  asked: ChallengeFor,
): Promise<Challenge> {
  const id = randomUUID();
  const now = await edsStore.now();
  const host = new URL(asked.site).host;
  const { kk, ru } = purposes[asked.purpose];
  const time = astanaTime(now);
  const content = Buffer.from(
    [
      `БЖЗҚ жеке кабинеті, ${host}: ${kk}, ${time} / Личный кабинет ЕНПФ, ${host}: ${ru}, ${time}`,
      `purpose: ${asked.purpose}`,
      `site: ${asked.site}`,
      `time: ${now.toISOString()}`,
      ...(asked.change === undefined ? [] : [`change: ${asked.change.id}`, ...asked.change.lines]),
      `nonce: ${randomBytes(32).toString('base64url')}`,
      '',
    ].join('\n'),
  );
  await edsStore.giveOut({
    id,
    purpose: asked.purpose,
    binding: asked.binding,
    content,
    changeId: asked.change?.id ?? null,
    seconds: edsRules.edsChallengeSeconds,
  });
  return { id, data: content.toString('base64') };
}

/** What a browser brings back. */
export interface SignedChallenge {
  readonly id: string;
  /** CMS, base64 or PEM. */
  readonly signature: string;
  readonly purpose: EdsPurpose;
  readonly binding: Buffer;
}

/** A signature over our own challenge, verified. */
export interface ProvedSignature {
  readonly iin: string;
  readonly evidence: Evidence;
  readonly taken: TakenChallenge;
}

/** `detail` holds nothing personal. */
export type SignatureRefusal = EdsReason;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Takes the challenge back, so that it is spent whatever comes of it, and verifies the signature over exactly its bytes. Of many
 * posts of one signature one gets past the first step, and the costly second is done once.
 */
export async function checkSignature(
  { edsStore, verifier }: EdsParts,
  { id, signature, purpose, binding }: SignedChallenge,
): Promise<Result<ProvedSignature, SignatureRefusal>> {
  const message = decodeMessage(signature);
  if (message === undefined) return refused('malformed');
  const taken = uuid.test(id) ? await edsStore.take(id, purpose, binding) : undefined;
  if (!taken) return refused('challengeOver');
  const verdict = await verifier.verify({
    message,
    content: taken.content,
    at: taken.at,
    forSignature: purpose === 'change',
  });
  if (!verdict.ok) return refused(verdict.reason, verdict.detail);
  const { createdAt: challengedAt, content } = taken;
  return accepted({
    iin: verdict.value.iin,
    taken,
    evidence: { purpose, content, cms: message, signature: verdict.value, challengedAt },
  });
}

/** The DER of a signature sent as PEM or base64; undefined when it is neither. */
function decodeMessage(text: string): Buffer | undefined {
  const base64 = text.replace(/-----(?:BEGIN|END) [A-Z0-9 ]+-----/g, '').replace(/\s/g, '');
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return Buffer.from(base64, 'base64');
}

/** `2026-11-23 06:31 (UTC+5)`: Kazakhstan has one time. */
function astanaTime(at: Date): string {
  const shifted = new Date(at.getTime() + 5 * 3_600_000).toISOString();
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 16)} (UTC+5)`;
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

/** Whether to ask again later rather than for another key, with the seconds after which it makes sense. */
export function retryAfter(reason: EdsReason): number | undefined {
  const passing: readonly EdsReason[] = ['revocationUnknown', 'busy', 'fundDown'];
  return passing.includes(reason) ? 10 : undefined;
}

function isBrokenMessage(reason: EdsReason): reason is (typeof brokenMessages)[number] {
  return (brokenMessages as readonly EdsReason[]).includes(reason);
}
