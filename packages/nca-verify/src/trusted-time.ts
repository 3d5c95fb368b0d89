/**
 * Time-stamp tokens (RFC 3161, RFC 5816): whether an authority vouches that something existed at a
 * time.
 */
import { digest } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import { type SignedMessage, signedMessage } from './cms.ts';
import { type Crl, crlStatus } from './crl.ts';
import {
  body,
  type Element,
  Fields,
  instant,
  oid,
  parse,
  sameBytes,
  smallNumber,
  TAG,
  unsigned,
} from './der.ts';
import { ATTRIBUTE, displayName, only } from './name.ts';
import { toHex, toLatin1 } from './platform.ts';
import { CLOCK_SKEW } from './revocation.ts';
import {
  checkContent,
  checkSignature,
  contentDigests,
  onlySigner,
  type SigningInfo,
  signerCertificate,
  withSigned,
} from './signature.ts';
import { summaryOf } from './signer.ts';
import { streebog } from './streebog.ts';
import { TST_INFO } from './time-stamp.ts';
import { buildChain, type Trust } from './trust.ts';
import {
  type CertificateSummary,
  REASONS,
  type Reason,
  Refusal,
  type RevocationEvidence,
  refusalAsValue,
} from './verdict.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
/** Only as the imprint of a time-stamp: the authority signs nothing with it. */
const STREEBOG_256 = '1.2.398.3.10.1.3.2';
const MAX_BYTES = 65_536;
/** What a time without a fraction and without an accuracy may be off by, in milliseconds. */
const SECOND = 1000;

/** What can be wrong with a time-stamp besides what can be wrong with a message. */
const ONLY_TIME_STAMPS = ['notGranted', 'nonceMismatch', 'imprintMismatch', 'inFuture'] as const;
const NOT_OF_TIME_STAMPS = ['notIndividual', 'noIin', 'revocationUnknown', 'noTrustedTime'] as const;

export type TimeStampReason =
  | Exclude<Reason, (typeof NOT_OF_TIME_STAMPS)[number]>
  | (typeof ONLY_TIME_STAMPS)[number];

/**
 * Why a time-stamp counts for nothing. The list is closed: a new reason means a new major version.
 */
export const TIME_STAMP_REASONS: readonly TimeStampReason[] = [
  ...ONLY_TIME_STAMPS,
  ...REASONS.filter(
    (reason): reason is Exclude<Reason, (typeof NOT_OF_TIME_STAMPS)[number]> =>
      !(NOT_OF_TIME_STAMPS as readonly string[]).includes(reason),
  ),
];

/** A time-stamp that counts. */
export interface AcceptedTimeStamp {
  readonly ok: true;
  /** The time that the authority wrote down. */
  readonly time: Date;
  /** Milliseconds by which it may be off, by the authority's own word; null if it says nothing. */
  readonly accuracy: number | null;
  /**
   * What was stamped existed at this time at the latest: `time` and its accuracy, at least a
   * second.
   */
  readonly latest: Date;
  /** The policy of the authority, a dotted identifier. */
  readonly policy: string;
  /** The token's number, in lower-case hexadecimal. */
  readonly serial: string;
  /** The common name of the authority, or its whole name. */
  readonly authority: string;
  readonly certificate: CertificateSummary;
  /** The DER of the authority's certificate, its issuer, and so on up to the anchor. */
  readonly chain: readonly Uint8Array[];
  /** When the first certificate of the chain ends. From then on, the token proves nothing alone. */
  readonly until: Date;
  /** By the lists that were given. No list, `notChecked`: a revoked authority would not show. */
  readonly revocation: RevocationEvidence;
}

/** A time-stamp that counts for nothing. `detail` names what could not be checked, or was wrong. */
export interface RefusedTimeStamp {
  readonly ok: false;
  readonly reason: TimeStampReason;
  readonly detail: string;
}

export type TimeStampVerdict = AcceptedTimeStamp | RefusedTimeStamp;

/** Like `Refusal`, for what only time-stamps can have. Never leaves the package. */
export class TimeStampRefusal extends Error {
  readonly reason: TimeStampReason;

  constructor(reason: TimeStampReason, detail: string) {
    super(detail);
    this.name = 'TimeStampRefusal';
    this.reason = reason;
  }
}

/** Runs a check and returns a refusal of either kind as a value. */
export function timeStampRefusalAsValue<T>(check: () => T): T | RefusedTimeStamp {
  try {
    return refusalAsValue(check) as T | RefusedTimeStamp;
  } catch (thrown) {
    if (thrown instanceof TimeStampRefusal)
      return { ok: false, reason: thrown.reason, detail: thrown.message };
    throw thrown;
  }
}

export interface TimeStampRules {
  readonly trust: Trust;
  /** Milliseconds: the moment at which the token must still count. */
  readonly now: number;
  readonly allowGost2004: boolean;
  readonly crls: readonly Crl[];
  /** The nonce of the request; the token must repeat it. */
  readonly nonce?: Uint8Array | undefined;
  /** The certificate of whoever signed what is stamped: nobody stamps for himself. */
  readonly signer?: Certificate | undefined;
}

/**
 * Judges a token about `data`. The authority's certificates must be valid at the token's time and
 * still at `now`: once one has ended, whoever has the key may write any time, and no list says so.
 */
export function judgeTimeStamp(token: Uint8Array, data: Uint8Array, rules: TimeStampRules): TimeStampVerdict {
  return timeStampRefusalAsValue(() => {
    if (token.length > MAX_BYTES) throw new Refusal('tooLarge', 'a time-stamp is too large');
    const message = signedMessage(token);
    const info = readInfo(message);
    checkImprint(info, data);
    checkNonce(info, rules.nonce);
    const leaf = checkSigned(message, withSigned(onlySigner(message)), rules.allowGost2004);
    checkAuthority(leaf, rules.signer);
    const { trust, now, allowGost2004, crls } = rules;
    if (info.time > now + CLOCK_SKEW) throw new TimeStampRefusal('inFuture', 'a time-stamp from the future');
    const chain = buildChain(leaf, trust, info.time, allowGost2004);
    const until = Math.min(...chain.map(({ notAfter }) => notAfter));
    if (now > until) throw new Refusal('expired', 'the certificate of a time-stamp ended since');
    return {
      ok: true as const,
      time: new Date(info.time),
      accuracy: info.accuracy,
      latest: new Date(info.time + Math.max(info.accuracy ?? 0, SECOND)),
      policy: info.policy,
      serial: info.serial,
      authority: only(leaf.subjectName, ATTRIBUTE.commonName) ?? displayName(leaf.subjectName),
      certificate: summaryOf(leaf),
      chain: chain.map(({ der }) => der),
      until: new Date(until),
      revocation: notRevoked(chain, crls, info.time, now),
    };
  });
}

interface Info {
  readonly policy: string;
  readonly algorithm: string;
  readonly imprint: Uint8Array;
  readonly serial: string;
  /** Milliseconds since 1970, and of the accuracy. */
  readonly time: number;
  readonly accuracy: number | null;
  /** The content octets of the INTEGER. */
  readonly nonce: Uint8Array | null;
}

function readInfo({ contentType, content }: SignedMessage): Info {
  if (contentType !== TST_INFO || content === null) throw new Refusal('malformed', 'no time-stamp');
  const fields = new Fields(parse(content), 'the content of a time-stamp');
  if (smallNumber(fields.take(TAG.integer)) !== 1) throw new Refusal('malformed', 'an unknown version');
  const policy = oid(fields.take(TAG.oid));
  const about = new Fields(fields.take(TAG.sequence), 'the imprint of a time-stamp');
  const algorithm = oid(new Fields(about.take(TAG.sequence), 'the digest of a time-stamp').take(TAG.oid));
  const imprint = body(about.take(TAG.octetString));
  about.end();
  const serial = toHex(body(fields.take(TAG.integer)));
  const time = exactTime(fields.take(TAG.generalizedTime));
  const accuracy = fields.option(TAG.sequence);
  fields.option(TAG.boolean);
  const nonce = fields.option(TAG.integer);
  fields.option(0xa0);
  const extra = fields.option(0xa1);
  fields.end();
  for (const each of extra?.children ?? []) {
    if (each.children[1]?.tag === TAG.boolean)
      throw new Refusal('malformed', 'an unknown critical extension of a time-stamp');
  }
  return {
    policy,
    algorithm,
    imprint,
    serial,
    time,
    accuracy: accuracy === undefined ? null : accuracyOf(accuracy),
    nonce: nonce === undefined ? null : body(nonce),
  };
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d*[1-9])?Z$/;

/** A GeneralizedTime that may have a fraction of a second, in milliseconds since 1970. */
function exactTime(element: Element): number {
  const parts = TIME.exec(toLatin1(body(element)))?.slice(1);
  if (parts === undefined) throw new Refusal('malformed', 'a time in another form');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  return instant(year, month, day, hour, minute, second) + Math.floor(fraction * 1000);
}

/** Seconds, thousandths and millionths, in milliseconds rounded up. */
function accuracyOf(element: Element): number {
  const fields = new Fields(element, 'an accuracy');
  const seconds = fields.option(TAG.integer);
  const parts = [fields.option(0x80), fields.option(0x81)].map((part) => {
    if (part === undefined) return 0;
    const value = Number(unsigned(body(part)));
    if (value < 1 || value > 999) throw new Refusal('malformed', 'an accuracy out of range');
    return value;
  });
  fields.end();
  const [millis = 0, micros = 0] = parts;
  return (seconds === undefined ? 0 : smallNumber(seconds) * 1000) + millis + (micros > 0 ? 1 : 0);
}

function checkImprint({ algorithm, imprint }: Info, data: Uint8Array): void {
  const computed = algorithm === STREEBOG_256 ? streebog(256, data) : digest(algorithm, data);
  if (computed === null)
    throw new Refusal('algorithmNotAllowed', `the imprint of a time-stamp, by the digest ${algorithm}`);
  if (!sameBytes(computed, imprint))
    throw new TimeStampRefusal('imprintMismatch', 'a time-stamp of something else');
}

function checkNonce({ nonce }: Info, expected: Uint8Array | undefined): void {
  if (expected === undefined) return;
  if (nonce === null || (nonce[0] ?? 0) >= 0x80 || unsigned(nonce) !== unsigned(expected))
    throw new TimeStampRefusal('nonceMismatch', 'the nonce is another');
}

/** The signature of the token. Its attributes must name the certificate (RFC 3161, 2.4.1). */
function checkSigned(message: SignedMessage, signer: SigningInfo, allowGost2004: boolean): Certificate {
  checkContent(message, signer, undefined, contentDigests(), TST_INFO);
  const leaf = signerCertificate(message, signer, allowGost2004);
  if (signer.signed.signingCertificates.length === 0)
    throw new Refusal('certificateMissing', 'a time-stamp does not name its certificate');
  checkSignature(signer, leaf, allowGost2004);
  return leaf;
}

/** A key for time-stamps and nothing else (RFC 3161, 2.3). */
function checkAuthority(of: Certificate, signer: Certificate | undefined): void {
  const [purpose, second] = of.extendedKeyUsage;
  const usage = of.keyUsage ?? ['digitalSignature'];
  if (purpose !== TIME_STAMPING || second !== undefined || !of.extendedKeyUsageCritical)
    throw new Refusal('wrongKeyUsage', 'not a certificate for time-stamps alone (critical timeStamping)');
  if (of.isCa || !usage.some((each) => each === 'digitalSignature' || each === 'nonRepudiation'))
    throw new Refusal('wrongKeyUsage', 'the key of a time-stamp may not sign');
  if (signer !== undefined && sameBytes(signer.keyBits, of.keyBits))
    throw new Refusal('wrongKeyUsage', 'the signer stamped for himself');
}

/** A certificate that was revoked at any time counts no more: its key may write an earlier time. */
function notRevoked(
  chain: readonly Certificate[],
  crls: readonly Crl[],
  ...moments: readonly number[]
): RevocationEvidence {
  let asOf: number | null = null;
  for (const [index, member] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) break;
    for (const moment of moments) {
      const status = crlStatus(member, issuer, crls, moment);
      if (status.status === 'revoked')
        throw new Refusal('revoked', 'CRL: a certificate of a time-stamp is revoked');
      if (index === 0 && status.status === 'good') asOf = Math.max(asOf ?? 0, status.asOf);
    }
  }
  return asOf === null ? { source: 'notChecked', asOf: null } : { source: 'crl', asOf: new Date(asOf) };
}
