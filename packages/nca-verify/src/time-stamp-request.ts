/**
 * Asks a time-stamp authority (RFC 3161), and reads what it answers. Posting is the caller's part.
 */
import { DIGEST_IDS, digest, OID } from './algorithms.ts';
import {
  checkBytes,
  checkObject,
  checkTimeStampRequest,
  checkTokens,
  checkTrust,
  fault,
} from './arguments.ts';
import { signedMessage } from './cms.ts';
import type { Crl } from './crl.ts';
import { bigNumber, Fields, parse, TAG, whole } from './der.ts';
import { encode, encodeOid, wrap } from './der-writer.ts';
import { decodeMessage } from './input.ts';
import { onlySigner } from './signature.ts';
import { insertTokens } from './time-stamp.ts';
import type { Trust } from './trust.ts';
import {
  judgeTimeStamp,
  type RefusedTimeStamp,
  TimeStampRefusal,
  type TimeStampVerdict,
  timeStampRefusalAsValue,
} from './trusted-time.ts';
import { Refusal, type Refused, refusalAsValue } from './verdict.ts';
import { MAX_MESSAGE_BYTES } from './verify.ts';

export interface TimeStampRequestOptions {
  /** 8 to 20 random bytes, which the token must repeat. */
  readonly nonce: Uint8Array;
  /** The digest that is stamped; `streebog512` unless given. */
  readonly digest?: keyof typeof DIGEST_IDS | undefined;
  /** The policy to stamp by, a dotted identifier; the authority's own unless given. */
  readonly policy?: string | undefined;
}

/**
 * The DER of a request to stamp `data`, of which only a digest leaves. For a signature, that is
 * `signatureValue` of its message. Post it as `application/timestamp-query` to a configured
 * address.
 * @throws TypeError when an argument is missing or of another type
 */
export function timeStampRequest(data: Uint8Array, options: TimeStampRequestOptions): Uint8Array {
  checkBytes('data', data);
  checkObject('options', options);
  const { nonce, digest: name = 'streebog512', policy } = options;
  checkBytes('nonce', nonce);
  if (nonce.length < 8 || nonce.length > 20) fault('nonce', nonce, '8 to 20 bytes');
  const id = DIGEST_IDS[name];
  const imprint = id === undefined ? null : digest(id, data);
  if (imprint === null) fault('digest', name, Object.keys(DIGEST_IDS).join(' or '));
  const algorithm = wrap(TAG.sequence, encodeOid(id), encode(TAG.null, new Uint8Array()));
  return wrap(
    TAG.sequence,
    encode(TAG.integer, Uint8Array.of(1)),
    wrap(TAG.sequence, algorithm, encode(TAG.octetString, imprint)),
    ...(policy === undefined ? [] : [encodeOid(policy)]),
    encode(TAG.integer, positive(nonce)),
    encode(TAG.boolean, Uint8Array.of(0xff)),
  );
}

/** The content octets of an INTEGER with this value: minimal, and not negative. */
function positive(octets: Uint8Array): Uint8Array {
  const first = octets.findIndex((octet) => octet !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : octets.subarray(first);
  return (digits[0] ?? 0) < 0x80 ? digits : Uint8Array.from([0, ...digits]);
}

const GRANTED = [0n, 1n];

/**
 * The token in an authority's answer, not verified, or why there is none (`notGranted`).
 * @throws TypeError when `response` is no Uint8Array
 */
export function readTimeStampResponse(
  response: Uint8Array,
): { readonly ok: true; readonly token: Uint8Array } | RefusedTimeStamp {
  checkBytes('response', response);
  return timeStampRefusalAsValue(() => {
    const fields = new Fields(parse(response, 'ber'), 'an answer of a time-stamp authority');
    const status = new Fields(fields.take(TAG.sequence), 'a status').take(TAG.integer);
    const token = fields.option(TAG.sequence);
    fields.end();
    const code = bigNumber(status);
    if (!GRANTED.includes(code)) throw new TimeStampRefusal('notGranted', `the authority answered ${code}`);
    if (token === undefined) throw new Refusal('malformed', 'an answer without a time-stamp');
    return { ok: true as const, token: whole(token) };
  });
}

/** The octets that a time-stamp of a message of one signer is about: the value of the signature. */
export function signatureValue(
  message: Uint8Array | string,
  maxBytes = MAX_MESSAGE_BYTES,
): { readonly ok: true; readonly value: Uint8Array; readonly digest: keyof typeof DIGEST_IDS } | Refused {
  return refusalAsValue(() => {
    const { signature, digestAlgorithm } = onlySigner(signedMessage(decodeMessage(message, maxBytes)));
    const gost = digestAlgorithm === OID.streebog512 || digestAlgorithm === OID.gost94;
    return { ok: true as const, value: signature, digest: gost ? 'streebog512' : 'sha256' };
  });
}

/**
 * The message with time-stamps about its signature among its unsigned attributes, as DER. What was
 * signed stays as it is. The time-stamps are not verified.
 * @throws TypeError when an argument is missing or of another type
 */
export function addTimeStamps(
  message: Uint8Array | string,
  tokens: readonly Uint8Array[],
  maxBytes = MAX_MESSAGE_BYTES,
): { readonly ok: true; readonly message: Uint8Array } | Refused {
  checkTokens(tokens);
  return refusalAsValue(() => {
    const bytes = decodeMessage(message, maxBytes);
    signedMessage(bytes);
    return { ok: true as const, message: tokens.length === 0 ? bytes : insertTokens(bytes, tokens) };
  });
}

export interface VerifyTimeStampRequest {
  /** The token (a CMS message), DER. */
  readonly token: Uint8Array;
  /** What was stamped. */
  readonly data: Uint8Array;
  /** The current time, at which the token must still count. */
  readonly at: Date;
  readonly trust: Trust;
  /** The nonce of the request, if the token answers one. */
  readonly nonce?: Uint8Array | undefined;
  readonly crls?: readonly Crl[] | undefined;
  readonly allowGost2004?: boolean | undefined;
}

/**
 * Verifies a token about any data. Any token gives a verdict.
 * @throws TypeError when an argument is missing or of another type
 */
export function verifyTimeStamp(request: VerifyTimeStampRequest): TimeStampVerdict {
  checkTimeStampRequest(request);
  const { token, data, at, trust, nonce, crls = [], allowGost2004 = false } = request;
  checkTrust(trust);
  return judgeTimeStamp(token, data, { trust, now: at.getTime(), allowGost2004, crls, nonce });
}
