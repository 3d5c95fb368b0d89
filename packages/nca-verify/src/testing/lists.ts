/** Makes revocation lists and OCSP answers. */
import { createHash } from 'node:crypto';
import { OID } from '../algorithms.ts';
import { certificate as readCertificate } from '../certificate.ts';
import { body, Fields, parse, sameBytes, TAG, whole } from '../der.ts';
import { encode, encodeOid, wrap } from '../der-writer.ts';
import type { Identity } from './certificates.ts';
import { keyIdentifier } from './certificates.ts';
import {
  algorithm,
  bitString,
  extension,
  generalizedTime,
  integer,
  octetString,
  sequence,
  time,
} from './der.ts';

export interface RevokedEntry {
  /** The content octets of the serial number, or the certificate itself. */
  readonly serial?: Uint8Array | undefined;
  readonly certificate?: Uint8Array | undefined;
  readonly at: Date;
  /**
   * CRLReason: 1 key compromised, 6 on hold, 8 removed from the list (delta only). Left out when
   * not given.
   */
  readonly reason?: number | undefined;
}

export interface CrlForm {
  readonly issuer: Identity;
  readonly revoked: readonly RevokedEntry[];
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly number?: number | undefined;
  /** Makes this a delta to the list with this number. */
  readonly baseNumber?: number | undefined;
  readonly extraExtensions?: readonly Uint8Array[] | undefined;
  /** The signature algorithm inside the signed part, if it should differ from the one outside. */
  readonly innerAlgorithm?: Uint8Array | undefined;
  readonly outerAlgorithm?: Uint8Array | undefined;
}

/** Makes a revocation list, DER. */
export function makeCrl(form: CrlForm): Uint8Array {
  const { issuer, revoked } = form;
  const identifier = form.outerAlgorithm ?? algorithm(issuer.key.signatureId());
  const entries = revoked.map(({ serial, certificate, at, reason }) => {
    const number = serial ?? (certificate === undefined ? undefined : readCertificate(certificate).serial);
    if (number === undefined) throw new TypeError('an entry needs a serial number or a certificate');
    const reasons =
      reason === undefined ? [] : [sequence(extension('2.5.29.21', encode(0x0a, Uint8Array.of(reason))))];
    return sequence(encode(TAG.integer, number), time(at), ...reasons);
  });
  const extensions = [
    ...(form.baseNumber === undefined ? [] : [extension('2.5.29.27', integer(form.baseNumber), true)]),
    extension('2.5.29.20', integer(form.number ?? 1)),
    extension('2.5.29.35', sequence(encode(0x80, keyIdentifier(issuer.key)))),
    ...(form.extraExtensions ?? []),
  ];
  const tbs = sequence(
    integer(1),
    form.innerAlgorithm ?? identifier,
    Uint8Array.from(readCertificate(issuer.certificate).subject),
    time(form.thisUpdate),
    time(form.nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    wrap(0xa0, sequence(...extensions)),
  );
  return sequence(tbs, identifier, bitString(issuer.key.sign(tbs)));
}

export interface OcspForm {
  /** The CA whose certificates are asked about. */
  readonly issuer: Identity;
  /** Who answers: the issuer itself, or a responder with OCSPSigning. */
  readonly responder: Identity;
  readonly certificate: Uint8Array;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt?: Date | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date | undefined;
  readonly nonce?: Uint8Array | undefined;
  /** Certificates to include; the responder's own unless given. */
  readonly certificates?: readonly Uint8Array[] | undefined;
  /** Identifies the responder by its key instead of its name. */
  readonly byKey?: boolean | undefined;
  /** Statuses of other certificates, placed before the requested one. */
  readonly before?: readonly Uint8Array[] | undefined;
  /** The OCSPResponseStatus. Any value except 0 answers without a status. */
  readonly responseStatus?: number | undefined;
  readonly extraExtensions?: readonly Uint8Array[] | undefined;
  /** `thisUpdate` unless given. */
  readonly producedAt?: Date | undefined;
  readonly signatureAlgorithm?: Uint8Array | undefined;
  readonly hashAlgorithm?: Uint8Array | undefined;
}

/**
 * Makes an OCSP answer (DER) as the authority's responder does: without nextUpdate unless given,
 * and with the request's nonce.
 */
export function makeOcspResponse(form: OcspForm): Uint8Array {
  const { issuer, responder, status, revokedAt = form.thisUpdate, nonce, nextUpdate } = form;
  if (form.responseStatus !== undefined && form.responseStatus !== 0) {
    return sequence(encode(0x0a, Uint8Array.of(form.responseStatus)));
  }
  const ca = readCertificate(issuer.certificate);
  const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
  const state = {
    good: encode(0x80, new Uint8Array()),
    revoked: wrap(0xa1, generalizedTime(revokedAt)),
    unknown: encode(0x82, new Uint8Array()),
  }[status];
  const single = sequence(
    sequence(
      form.hashAlgorithm ?? algorithm(OID.sha256),
      octetString(sha256(ca.subject)),
      octetString(sha256(ca.keyBits)),
      encode(TAG.integer, readCertificate(form.certificate).serial),
    ),
    state,
    generalizedTime(form.thisUpdate),
    ...(nextUpdate === undefined ? [] : [wrap(0xa0, generalizedTime(nextUpdate))]),
  );
  const extensions = [
    ...(nonce === undefined ? [] : [extension('1.3.6.1.5.5.7.48.1.2', octetString(nonce))]),
    ...(form.extraExtensions ?? []),
  ];
  const data = sequence(
    form.byKey === true
      ? wrap(0xa2, octetString(keyIdentifier(responder.key)))
      : wrap(0xa1, Uint8Array.from(readCertificate(responder.certificate).subject)),
    generalizedTime(form.producedAt ?? form.thisUpdate),
    sequence(...(form.before ?? []), single),
    ...(extensions.length === 0 ? [] : [wrap(0xa1, sequence(...extensions))]),
  );
  const own = sameBytes(issuer.certificate, responder.certificate) ? [] : [responder.certificate];
  const certificates = form.certificates ?? own;
  const basic = sequence(
    data,
    form.signatureAlgorithm ?? algorithm(responder.key.signatureId()),
    bitString(responder.key.sign(data)),
    ...(certificates.length === 0 ? [] : [wrap(0xa0, sequence(...certificates))]),
  );
  return sequence(
    encode(0x0a, Uint8Array.of(0)),
    wrap(0xa0, sequence(encodeOid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))),
  );
}

/**
 * Reads an OCSP request, for a test responder. Throws unless it asks about exactly one certificate.
 */
export function readOcspRequest(der: Uint8Array): { serial: Uint8Array; nonce: Uint8Array | undefined } {
  const [tbs] = parse(der).children;
  if (tbs === undefined) throw new TypeError('an empty OCSP request');
  const fields = new Fields(tbs, 'an OCSP request');
  const [request, more] = fields.take(TAG.sequence).children;
  const extensions = fields.option(0xa2);
  const serial = request?.children[0]?.children[3];
  if (serial === undefined || more !== undefined)
    throw new TypeError('not one certificate in an OCSP request');
  const nonce = extensions?.children[0]?.children
    .find(
      (item) =>
        item.children[0] !== undefined &&
        sameBytes(whole(item.children[0]), encodeOid('1.3.6.1.5.5.7.48.1.2')),
    )
    ?.children.at(-1);
  return { serial: body(serial), nonce: nonce === undefined ? undefined : body(parse(body(nonce))) };
}
