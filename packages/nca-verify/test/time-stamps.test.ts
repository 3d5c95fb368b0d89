import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeOid } from '../src/der-writer.ts';
import { attribute, makeCms, signCms, signedAttributes, signerInfo } from '../src/testing/cms.ts';
import { algorithm, generalizedTime, integer, octetString, sequence, setOf } from '../src/testing/der.ts';
import { CONTENT, gost, judge, later, outcome, PERSON } from './support.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const TIME_STAMP = '1.2.840.113549.1.9.16.2.14';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';

const person = gost.issue(PERSON);
const attributes = signedAttributes(person, CONTENT);
const signature = person.key.sign(setOf(...attributes));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** A time-stamp by the authority itself. */
function timeStamp(imprint: Uint8Array, hash = SHA256, contentType = TST_INFO): Uint8Array {
  const info = sequence(
    integer(1),
    encodeOid('1.2.398.3.3.2.6.1'),
    sequence(algorithm(hash), octetString(imprint)),
    integer(7),
    generalizedTime(later(0)),
  );
  const { responder } = gost;
  return makeCms({
    content: info,
    contentType,
    certificates: [responder.certificate],
    digestAlgorithms: [algorithm(responder.key.digestId())],
    signers: [signerInfo(responder, signedAttributes(responder, info))],
  });
}

/** A right message with these time-stamps. */
function stamped(...stamps: readonly Uint8Array[]): Uint8Array {
  return makeCms({
    content: CONTENT,
    certificates: [person.certificate],
    digestAlgorithms: [algorithm(person.key.digestId())],
    signers: [
      signerInfo(person, attributes, {
        signature,
        unsignedAttributes: stamps.map((stamp) => attribute(TIME_STAMP, stamp)),
      }),
    ],
  });
}

describe('a time-stamp', () => {
  const right = timeStamp(sha256(signature));
  it.each<[string, readonly Uint8Array[], string]>([
    ['about this signature', [right], 'ok'],
    ['about another one', [timeStamp(sha256(Buffer.from('other')))], 'badSignature'],
    ['about the content instead', [timeStamp(sha256(CONTENT))], 'badSignature'],
    ['by a digest of the authority', [timeStamp(person.key.hash(signature), person.key.digestId())], 'ok'],
    ['by an unknown digest', [timeStamp(Buffer.alloc(20), '1.3.14.3.2.26')], 'ok'],
    ['of another type', [timeStamp(sha256(signature), SHA256, '1.2.840.113549.1.7.1')], 'malformed'],
    ['that cannot be read', [octetString(Buffer.from('a time-stamp of 1999'))], 'malformed'],
    ['one right and one wrong', [right, timeStamp(sha256(Buffer.from('other')))], 'badSignature'],
  ])('%s: %s', (_what, stamps, expected) => {
    expect(outcome(judge(stamped(...stamps), { timeStamps: 'check' }))).toBe(expected);
    expect(outcome(judge(stamped(...stamps)))).toBe('ok');
    expect(outcome(judge(stamped(...stamps), { timeStamps: 'ignore' }))).toBe('ok');
  });

  it('may be missing, or other attributes may stand there', () => {
    expect(outcome(judge(signCms(person, CONTENT), { timeStamps: 'check' }))).toBe('ok');
    const other = makeCms({
      content: CONTENT,
      certificates: [person.certificate],
      digestAlgorithms: [algorithm(person.key.digestId())],
      signers: [
        signerInfo(person, attributes, {
          signature,
          unsignedAttributes: [attribute('1.2.840.113549.1.9.16.2.4', octetString(Buffer.from('x')))],
        }),
      ],
    });
    expect(outcome(judge(other, { timeStamps: 'check' }))).toBe('ok');
  });
});
