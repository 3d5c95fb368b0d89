/** The verification: every check of a signature, in a fixed order, with one result. */
import { checkTrust, checkVerifyAllRequest, checkVerifyRequest } from './arguments.ts';
import type { Certificate } from './certificate.ts';
import { notRevoked, type RevocationSources } from './check-revocation.ts';
import { certificatesOf, type SignedMessage, type SignerInfo, signedMessage } from './cms.ts';
import { whole } from './der.ts';
import { decodeMessage } from './input.ts';
import {
  type ContentDigests,
  checkContent,
  checkSignature,
  contentDigests,
  onlySigner,
  type SigningInfo,
  signerCertificate,
  withSigned,
} from './signature.ts';
import { checkSigner, claimedSignerOf, type Requirement, signerOf } from './signer.ts';
import { checkTimeStamps, tokensOf } from './time-stamp.ts';
import { buildChain, type Trust } from './trust.ts';
import { judgeTimeStamp, type TimeStampVerdict } from './trusted-time.ts';
import {
  type Accepted,
  type ClaimedSigner,
  Refusal,
  type Refused,
  refusalAsValue,
  type Verdict,
} from './verdict.ts';

/** The content type id-data. */
const DATA = '1.2.840.113549.1.7.1';

/** The largest CMS message in bytes, unless the caller allows more. */
export const MAX_MESSAGE_BYTES = 65_536;

/** The most signers of one message that are judged or named. Each costs a verification. */
const MAX_SIGNERS = 16;
/** The most certificates in a message with several signers: theirs, and a few issuers. */
const MAX_CERTIFICATES_OF_SEVERAL = MAX_SIGNERS + 4;

export interface VerifyRequest extends RevocationSources {
  /** The CMS message: DER or BER bytes, or PEM or base64 as text or bytes. */
  readonly message: Uint8Array | string;
  /**
   * The bytes that should have been signed. Required when the content is detached; when it is
   * attached, it must be equal.
   */
  readonly content?: Uint8Array | undefined;
  /**
   * The moment for which everything is judged. `time-stamp`: the time that the earliest time-stamp
   * that counts vouches for. Without one, the message is refused (`noTrustedTime`).
   */
  readonly at: Date | 'time-stamp';
  /**
   * Required with `at: 'time-stamp'`, and only then: the current time, at which the time-stamp must
   * still count. Answers and lists up to it are used.
   */
  readonly now?: Date | undefined;
  readonly trust: Trust;
  readonly require?: Requirement | undefined;
  /** `skip`: revocation is not checked here. Call `checkRevocation` later if it matters. */
  readonly revocation?: 'check' | 'skip' | undefined;
  /** Accepts archived GOST 34.310-2004 signatures. */
  readonly allowGost2004?: boolean | undefined;
  readonly maxBytes?: number | undefined;
  /**
   * `check`: a time-stamp in the unsigned attributes must be about this signature. Who made it is
   * not checked, and its time is not used. `verify`: each is verified, and the verdict has
   * `timeStamps`; a wrong one refuses nothing, because anybody can add one. Ignored unless given.
   */
  readonly timeStamps?: 'check' | 'verify' | 'ignore' | undefined;
  /** Time-stamp tokens about this signature that are kept beside the message. */
  readonly tokens?: readonly Uint8Array[] | undefined;
  /** What is trusted for time-stamps, if not `trust`. */
  readonly timeStampTrust?: Trust | undefined;
  /**
   * Adds to a refusal whom the certificates in the message name. Nothing of it is proven, and it is
   * personal: show it to a support desk, and keep it out of logs and decisions.
   */
  readonly claims?: boolean | undefined;
}

/**
 * Verifies a message of one signer. Any content of the message gives a verdict.
 * @throws TypeError when an argument is missing or of another type, also for an unknown `require`
 */
export function verify(request: VerifyRequest): Verdict {
  return verifyKnown(request, undefined);
}

/**
 * `verify`, for a signature of which is known, without a time-stamp in it, that it existed at
 * `known`.
 */
export function verifyKnown(request: VerifyRequest, known: Date | undefined): Verdict {
  checkVerifyRequest(request);
  checkTrust(request.trust);
  const message = refusalAsValue(() =>
    signedMessage(decodeMessage(request.message, request.maxBytes ?? MAX_MESSAGE_BYTES)),
  );
  if ('ok' in message) return withClaims(message, request, []);
  const verdict = refusalAsValue(() =>
    judge(message, withSigned(onlySigner(message)), request, contentDigests(), known),
  );
  return verdict.ok ? verdict : withClaims(verdict, request, claimed(message, message.signers));
}

/**
 * What `verifyAll` takes: the request of `verify`. OCSP answers are about one certificate each, so
 * pass them to `checkRevocation` for each accepted signer.
 */
export type VerifyAllRequest = Omit<VerifyRequest, 'ocsp' | 'maxOcspAge'>;

/**
 * `ok` when there is at least one signer and all were accepted. Otherwise `reason` is that of the
 * first refused signer, and `verdicts` is empty when the message itself was refused.
 */
export type AllVerdicts =
  | { readonly ok: true; readonly verdicts: readonly [Accepted, ...Accepted[]] }
  | (Refused & { readonly verdicts: readonly Verdict[] });

/**
 * Verifies a message of one or several signers, and gives a verdict for each in the message's
 * order. One person may have signed twice: compare IINs before you count people.
 * @throws TypeError when an argument is missing or of another type
 */
export function verifyAll(request: VerifyAllRequest): AllVerdicts {
  checkVerifyAllRequest(request);
  checkTrust(request.trust);
  const message = refusalAsValue(() => {
    const bytes = decodeMessage(request.message, request.maxBytes ?? MAX_MESSAGE_BYTES);
    const read = signedMessage(bytes, MAX_CERTIFICATES_OF_SEVERAL);
    if (read.signers.length === 0) throw new Refusal('noSigner', 'nobody signed');
    if (read.signers.length > MAX_SIGNERS) throw new Refusal('tooLarge', 'too many signers');
    return read;
  });
  if ('ok' in message) return { ...message, verdicts: [] };
  const digests = contentDigests();
  const verdicts = message.signers.map((signer): Verdict => {
    const verdict = refusalAsValue(() => judge(message, withSigned(signer), request, digests));
    return verdict.ok ? verdict : withClaims(verdict, request, claimed(message, [signer]));
  });
  const refused = verdicts.find((verdict) => !verdict.ok);
  if (refused !== undefined) return { ok: false, reason: refused.reason, detail: refused.detail, verdicts };
  const [first, ...others] = verdicts.filter((verdict) => verdict.ok);
  if (first === undefined) throw new Error('a message with signers and without verdicts');
  return { ok: true, verdicts: [first, ...others] };
}

function withClaims(
  refused: Refused,
  { claims = false }: Pick<VerifyRequest, 'claims'>,
  signers: readonly ClaimedSigner[],
): Refused {
  return claims ? { ...refused, claims: signers } : refused;
}

/**
 * Whom the message names as its signers, unproven. A signer without one certificate is left out.
 */
function claimed(message: SignedMessage, signers: readonly SignerInfo[]): readonly ClaimedSigner[] {
  return signers.slice(0, MAX_SIGNERS).flatMap((signer) => {
    const [leaf, second] = certificatesOf(message, signer);
    return leaf === undefined || second !== undefined ? [] : [claimedSignerOf(leaf)];
  });
}

function judge(
  message: SignedMessage,
  signer: SigningInfo,
  request: VerifyRequest,
  digests: ContentDigests,
  known?: Date,
): Accepted {
  const { trust, content, allowGost2004 = false, now } = request;
  const signedContent = checkContent(message, signer, content, digests, DATA);
  const leaf = signerCertificate(message, signer, allowGost2004);
  checkSignature(signer, leaf, allowGost2004);
  if (request.timeStamps === 'check') checkTimeStamps(signer);
  const timeStamps = judgeTimeStamps(signer, leaf, request);
  const trustedTime = known ?? earliest(timeStamps ?? []);
  const at = request.at === 'time-stamp' ? momentOf(trustedTime, timeStamps) : request.at.getTime();
  const chain = buildChain(leaf, trust, at, allowGost2004);
  checkSigner(leaf, request.require ?? null);
  const revocation = notRevoked(chain, trust, at, request, allowGost2004, now?.getTime());
  return {
    ok: true,
    signer: signerOf(leaf),
    signedAt: signer.signed.signingTime === null ? null : new Date(signer.signed.signingTime),
    content: signedContent,
    chain: chain.map(({ der }) => der),
    revocation,
    ...(timeStamps === undefined ? {} : { timeStamps, trustedTime }),
  };
}

/** The most time-stamps of one signer that are judged. Each costs up to two verifications. */
const MAX_TIME_STAMPS = 4;

/** Undefined unless the request asks for them. */
function judgeTimeStamps(
  signer: SigningInfo,
  leaf: Certificate,
  request: VerifyRequest,
): readonly TimeStampVerdict[] | undefined {
  const { at, now, trust, timeStampTrust = trust, allowGost2004 = false, crls = [] } = request;
  if (at !== 'time-stamp' && request.timeStamps !== 'verify') return undefined;
  const tokens = [...tokensOf(signer).map(whole), ...(request.tokens ?? [])];
  if (tokens.length > MAX_TIME_STAMPS) throw new Refusal('tooLarge', 'too many time-stamps');
  const moment = (at === 'time-stamp' ? now : at)?.getTime() ?? Number.NaN;
  const rules = { trust: timeStampTrust, now: moment, allowGost2004, crls, signer: leaf };
  return tokens.map((token) => judgeTimeStamp(token, signer.signature, rules));
}

/** The earliest counts: the signature existed then, whatever later ones say. */
function earliest(timeStamps: readonly TimeStampVerdict[]): Date | null {
  const times = timeStamps.flatMap((stamp) => (stamp.ok ? stamp.latest.getTime() : []));
  return times.length === 0 ? null : new Date(Math.min(...times));
}

function momentOf(trusted: Date | null, timeStamps: readonly TimeStampVerdict[] = []): number {
  if (trusted !== null) return trusted.getTime();
  const why = timeStamps.map((stamp) => (stamp.ok ? '' : `${stamp.reason} (${stamp.detail})`));
  throw new Refusal('noTrustedTime', why.length === 0 ? 'no time-stamp' : why.join('; '));
}
