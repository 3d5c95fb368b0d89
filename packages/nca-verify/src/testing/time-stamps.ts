/** Makes time-stamps (RFC 3161) as an authority does and, on request, as none should. */
import { createHash, randomBytes } from 'node:crypto';
import { body, Fields, oid, parse, TAG, whole } from '../der.ts';
import { encode, encodeOid } from '../der-writer.ts';
import type { Identity } from './certificates.ts';
import { attribute, makeCms, signedAttributes, signerInfo } from './cms.ts';
import { algorithm, integer, octetString, sequence } from './der.ts';
import type { TestDigest } from './keys.ts';

const TST_INFO = '1.2.840.113549.1.9.16.1.4';
/** The policy that the real authority stamps by with GOST 2015. */
const POLICY = '1.2.398.3.3.2.6.4';

/** A time-stamp. What is left out is as the authority makes it. */
export interface TimeStampForm {
  readonly authority: Identity;
  /** The time to write down. */
  readonly at: Date;
  /** What is stamped, hashed by `digest` of the authority's key. */
  readonly data?: Uint8Array | undefined;
  /** The imprint itself, with the AlgorithmIdentifier of its digest. */
  readonly imprint?: { readonly algorithm: Uint8Array; readonly hash: Uint8Array } | undefined;
  readonly nonce?: Uint8Array | undefined;
  /** Milliseconds; left out unless given. */
  readonly accuracy?: number | undefined;
  readonly policy?: string | undefined;
  readonly contentType?: string | undefined;
  /** Certificates to include; the authority's own unless given. */
  readonly certificates?: readonly Uint8Array[] | undefined;
  /** Which signing certificate attribute names the certificate; version 1 as the real authority. */
  readonly naming?: 1 | 2 | 'none' | undefined;
  /** The certificate that it names, if it should be another. */
  readonly named?: Uint8Array | undefined;
  readonly digest?: TestDigest | undefined;
  readonly version?: number | undefined;
  /** A fraction of the second of `at`, as text: ".25". */
  readonly fraction?: string | undefined;
  /** Encoded fields to add at the end of the TSTInfo. */
  readonly extra?: readonly Uint8Array[] | undefined;
}

/** Makes a token, DER. */
export function makeTimeStamp(form: TimeStampForm): Uint8Array {
  const { authority, at, nonce, accuracy, naming = 1, digest, fraction } = form;
  const { key, certificate } = authority;
  const imprint = form.imprint ?? {
    algorithm: algorithm(key.digestId(digest)),
    hash: key.hash(form.data ?? new Uint8Array(), digest),
  };
  const second = at.toISOString().slice(0, 19).replace(/[-T:]/g, '');
  const time = encode(TAG.generalizedTime, Buffer.from(`${second}${fraction ?? ''}Z`));
  const content = sequence(
    integer(form.version ?? 1),
    encodeOid(form.policy ?? POLICY),
    sequence(imprint.algorithm, octetString(imprint.hash)),
    integer(randomBytes(8)),
    time,
    ...(accuracy === undefined ? [] : [accuracyOf(accuracy)]),
    ...(nonce === undefined ? [] : [integer(nonce)]),
    ...(form.extra ?? []),
  );
  const named = form.named ?? certificate;
  const sha = (name: string): Uint8Array => octetString(createHash(name).update(named).digest());
  const names =
    naming === 'none'
      ? []
      : naming === 1
        ? [attribute('1.2.840.113549.1.9.16.2.12', sequence(sequence(sequence(sha('sha1')))))]
        : [attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(sequence(sha('sha256')))))];
  const type = form.contentType ?? TST_INFO;
  const attributes = [
    ...signedAttributes(authority, content, { digest, contentType: type, signingTime: at }),
    ...names,
  ];
  return makeCms({
    content,
    contentType: type,
    certificates: form.certificates ?? [certificate],
    digestAlgorithms: [algorithm(key.digestId(digest))],
    signers: [signerInfo(authority, attributes, { digest })],
  });
}

function accuracyOf(milliseconds: number): Uint8Array {
  const millis = milliseconds % 1000;
  return sequence(
    integer(Math.floor(milliseconds / 1000)),
    ...(millis === 0 ? [] : [encode(0x80, body(parse(integer(millis))))]),
  );
}

/** What a request for a time-stamp asks for. Throws on anything else. */
export function readTimeStampRequest(der: Uint8Array): {
  readonly imprint: NonNullable<TimeStampForm['imprint']>;
  readonly nonce: Uint8Array | undefined;
  readonly policy: string | undefined;
} {
  const fields = new Fields(parse(der), 'a request for a time-stamp');
  fields.take(TAG.integer);
  const about = new Fields(fields.take(TAG.sequence), 'an imprint');
  const identifier = whole(about.take(TAG.sequence));
  const hash = body(about.take(TAG.octetString));
  const policy = fields.option(TAG.oid);
  const nonce = fields.option(TAG.integer);
  fields.option(TAG.boolean);
  fields.end();
  return {
    imprint: { algorithm: identifier, hash },
    nonce: nonce === undefined ? undefined : body(nonce),
    policy: policy === undefined ? undefined : oid(policy),
  };
}

/** An authority's answer: status 0 and the token, or a refusal with its status. */
export function timeStampResponse(token: Uint8Array | null, status = token === null ? 2 : 0): Uint8Array {
  return sequence(sequence(integer(status)), ...(token === null ? [] : [token]));
}
