/** The signature, in the form of the app: attached or detached CMS, on request with a time-stamp. */
import { createHash, randomBytes } from 'node:crypto';
import { attribute, type Identity, makeCms, signCms, signedAttributes, signerInfo } from 'nca-verify/testing';
import { generalizedTime, octetString, oid, sequence, setOf, small } from './der.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const TIME_STAMP = '1.2.840.113549.1.9.16.2.14';
/** The policy of the authority's time-stamps. */
const POLICY = '1.2.398.3.3.2.6.1';

export interface SigningForm {
  readonly detached: boolean;
  readonly at: Date;
  /** Over the signature, over something else, or absent. */
  readonly timeStamp: 'none' | 'right' | 'of something else';
  /** Signs the time-stamp. */
  readonly timeStamper: Identity;
}

/** Signs with contentType, messageDigest and signingTime as signed attributes. Returns DER. */
export function signDocument(identity: Identity, content: Uint8Array, form: SigningForm): Uint8Array {
  const { detached, at, timeStamp, timeStamper } = form;
  if (timeStamp === 'none') return signCms(identity, content, { detached, signingTime: at });
  const { key, certificate } = identity;
  const attributes = signedAttributes(identity, content, { signingTime: at });
  const signature = key.sign(setOf(...attributes));
  const stamped = timeStamp === 'right' ? signature : randomBytes(signature.length);
  return makeCms({
    content: detached ? null : content,
    certificates: [certificate],
    digestAlgorithms: [sequence(oid(key.digestId()), Uint8Array.of(0x05, 0))],
    signers: [
      signerInfo(identity, attributes, {
        signature,
        unsignedAttributes: [attribute(TIME_STAMP, makeTimeStamp(stamped, at, timeStamper))],
      }),
    ],
  });
}

/** A TimeStampToken (RFC 3161) over the octets of a signature. */
function makeTimeStamp(stamped: Uint8Array, at: Date, stamper: Identity): Uint8Array {
  const imprint = createHash('sha256').update(stamped).digest();
  const info = sequence(
    small(1),
    oid(POLICY),
    sequence(sequence(oid(SHA256), Uint8Array.of(0x05, 0)), octetString(imprint)),
    small(1),
    generalizedTime(at),
  );
  const attributes = [
    attribute(CONTENT_TYPE, oid(TST_INFO)),
    attribute(MESSAGE_DIGEST, octetString(stamper.key.hash(info))),
  ];
  return makeCms({
    content: info,
    contentType: TST_INFO,
    certificates: [stamper.certificate],
    digestAlgorithms: [sequence(oid(stamper.key.digestId()), Uint8Array.of(0x05, 0))],
    signers: [signerInfo(stamper, attributes)],
  });
}
