/**
 * Every refusal, with messages and certificates of our own test authority that are correct except
 * for one thing.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { certificate } from '../src/certificate.ts';
import { encode, encodeOid, wrap } from '../src/der-writer.ts';
import { ATTRIBUTE } from '../src/name.ts';
import { createTestAuthority } from '../src/testing/authority.ts';
import {
  type Identity,
  makeCertificate,
  nameOf,
  personName,
  type TestAttribute,
} from '../src/testing/certificates.ts';
import {
  attribute,
  type CmsForm,
  cmsPem,
  indefinite,
  makeCms,
  type SignerForm,
  signCms,
  signedAttributes,
  signerInfo,
} from '../src/testing/cms.ts';
import {
  algorithm,
  bitString,
  extension,
  integer,
  NULL,
  octetString,
  printable,
  sequence,
  setOf,
  utf8,
} from '../src/testing/der.ts';
import { makeGostKey, makeRsaKey, type TestKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { REASONS, refusalAsValue } from '../src/verdict.ts';
import { AT, CONTENT, gost, judge, later, MINUTE, outcome, outcomeOf, PERSON } from './support.ts';

const DATA_ID = '1.2.840.113549.1.7.1';
const key = makeGostKey('gost2015', 'refusals');
const person = gost.issue(PERSON, { key });
const other = gost.issue({ ...PERSON, iin: '900101300025' }, { key: makeGostKey('gost2015', 'other') });

/** A correct message with some of its pieces replaced. */
function message(
  form: Partial<CmsForm> = {},
  signer: SignerForm = {},
  attributes = signedAttributes(person, CONTENT),
): Uint8Array {
  return makeCms({
    content: CONTENT,
    certificates: [person.certificate],
    digestAlgorithms: [algorithm(OID.streebog512)],
    signers: [signerInfo(person, attributes, signer)],
    ...form,
  });
}

describe('a correct message', () => {
  it.each([
    ['attached', {}],
    ['with signing time and signing certificate', { signingTime: AT, cades: true }],
    ['in BER with indefinite lengths and content in pieces', { ber: true }],
  ])('%s', (_, options) => {
    expect(outcomeOf(person, { content: CONTENT, require: 'individual-signature' }, options)).toBe('ok');
  });

  it('detached, and of empty content', () => {
    expect(outcomeOf(person, { content: CONTENT }, { detached: true })).toBe('ok');
    expect(outcome(judge(signCms(person, new Uint8Array()), { content: new Uint8Array() }))).toBe('ok');
  });

  it('as NCALayer frames it', () => {
    expect(outcome(judge(cmsPem(signCms(person, CONTENT))))).toBe('ok');
  });

  it('names the signer', () => {
    expect(judge(signCms(person, CONTENT, { signingTime: AT }))).toMatchObject({
      ok: true,
      signer: {
        iin: PERSON.iin,
        surname: PERSON.surname,
        name: PERSON.name,
        patronymic: PERSON.patronymic,
        kind: 'individual',
      },
      signedAt: AT,
    });
  });
});

describe('malformed and tooLarge', () => {
  const right = signCms(person, CONTENT);

  it('bytes after the end, an empty input, text that is not base64, another structure', () => {
    const cases = [
      Buffer.concat([right, Uint8Array.of(0)]),
      new Uint8Array(),
      '',
      'not a signature',
      person.certificate,
      Uint8Array.of(0x30, 0x80),
      Uint8Array.of(0x30, 0x80, 0, 0),
    ];
    expect(cases.map((bytes) => outcome(judge(bytes)))).toEqual(cases.map(() => 'malformed'));
  });

  it('every truncation', () => {
    const accepted: number[] = [];
    for (let length = 0; length < right.length; length++) {
      if (outcome(judge(right.subarray(0, length))) !== 'malformed') accepted.push(length);
    }
    expect(accepted).toEqual([]);
  });

  it('lengths that are not minimal or reach too far', () => {
    const long = Buffer.concat([
      Uint8Array.of(0x30, 0x84, 0),
      integerOctets(right.length - 4, 3),
      right.subarray(4),
    ]);
    expect(outcome(judge(long))).toBe('malformed');
    expect(outcome(judge(Uint8Array.of(0x30, 0x85, 1, 0, 0, 0, 0, 0)))).toBe('malformed');
    expect(outcome(judge(Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0)))).toBe('malformed');
  });

  it('more than the limit, as bytes and as text, valid or not', () => {
    const big = signCms(person, Buffer.alloc(70_000));
    expect(outcome(judge(big))).toBe('tooLarge');
    expect(outcome(judge(big, { maxBytes: 100_000 }))).toBe('ok');
    expect(outcome(judge(Buffer.from(big).toString('base64')))).toBe('tooLarge');
    const started = performance.now();
    expect(outcome(judge(Buffer.alloc(10_000_000, 0x30)))).toBe('tooLarge');
    expect(outcome(judge('A'.repeat(20_000_000)))).toBe('tooLarge');
    // It is refused by its size alone, which is fast even on a busy machine.
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('nested too deeply, in definite and indefinite lengths', () => {
    let deep: Uint8Array = NULL;
    for (let i = 0; i < 100; i++) deep = sequence(deep);
    expect(outcome(judge(deep))).toBe('tooLarge');
    expect(outcome(judge(Buffer.alloc(60_000, Uint8Array.of(0x30, 0x80))))).toBe('tooLarge');
  });

  it('too many elements, certificates or attributes', () => {
    expect(outcome(judge(sequence(...Array.from({ length: 25_000 }, () => NULL))))).toBe('tooLarge');
    expect(
      outcome(judge(message({ certificates: Array.from({ length: 6 }, () => person.certificate) }))),
    ).toBe('tooLarge');
    const many = Array.from({ length: 20 }, (_, i) => attribute(`1.2.3.${i}`, NULL));
    expect(outcome(judge(message({}, {}, [...signedAttributes(person, CONTENT), ...many])))).toBe('tooLarge');
  });

  it('signed attributes out of order, twice, with two values, or not in DER', () => {
    const attributes = signedAttributes(person, CONTENT);
    const [type, digest] = attributes;
    if (type === undefined || digest === undefined) throw new Error('two attributes are expected');
    const twoValues = attribute(
      '1.2.840.113549.1.9.4',
      octetString(key.hash(CONTENT)),
      octetString(key.hash(person.certificate)),
    );
    expect(outcome(judge(message({}, { unsorted: true }, [digest, type])))).toBe('malformed');
    expect(outcome(judge(message({}, {}, [type, digest, digest])))).toBe('malformed');
    expect(
      outcome(
        judge(
          message({}, {}, [type, digest, attribute('1.2.840.113549.1.9.4', octetString(Buffer.alloc(64)))]),
        ),
      ),
    ).toBe('malformed');
    expect(outcome(judge(message({}, {}, [type, twoValues])))).toBe('malformed');
    const info = signerInfo(person, attributes);
    const loose = replaceOnce(
      info,
      setOf(...attributes),
      (set) => indefinite(0xa0, set.subarray(headerLength(set))),
      0xa0,
    );
    expect(outcome(judge(message({ signers: [loose] })))).toBe('malformed');
  });
});

describe('signers', () => {
  it('none, and more than one', () => {
    expect(outcome(judge(message({ signers: [] })))).toBe('noSigner');
    const second = signerInfo(other, signedAttributes(other, CONTENT));
    const both = message({
      certificates: [person.certificate, other.certificate],
      signers: [signerInfo(person, signedAttributes(person, CONTENT)), second],
    });
    expect(outcome(judge(both))).toBe('severalSigners');
    const twice = signerInfo(person, signedAttributes(person, CONTENT));
    expect(outcome(judge(message({ signers: [twice, twice] })))).toBe('severalSigners');
  });

  it('without signed attributes, even when the signature over the content is correct', () => {
    expect(outcome(judge(message({ signers: [signerInfo(person, null, {}, CONTENT)] })))).toBe(
      'noSignedAttributes',
    );
  });

  it('attributes passed off as content: a signature over attributes does not count for their bytes', () => {
    const attributes = setOf(...signedAttributes(person, CONTENT));
    const signers = [signerInfo(person, null, {}, attributes)];
    expect(outcome(judge(message({ content: attributes, signers })))).toBe('noSignedAttributes');
  });

  it('without content type or message digest', () => {
    const [type, digest] = signedAttributes(person, CONTENT);
    if (type === undefined || digest === undefined) throw new Error('two attributes are expected');
    expect(outcome(judge(message({}, {}, [digest])))).toBe('noSignedAttributes');
    expect(outcome(judge(message({}, {}, [type])))).toBe('noSignedAttributes');
  });

  it('a certificate that is missing, occurs twice, or is named in another way', () => {
    const named = (identifier: Uint8Array, version = 1) =>
      outcome(judge(message({}, { identifier, version })));
    expect(outcome(judge(message({ certificates: [] })))).toBe('certificateMissing');
    expect(outcome(judge(message({ certificates: [other.certificate] })))).toBe('certificateMissing');
    expect(outcome(judge(message({ certificates: [person.certificate, person.certificate] })))).toBe(
      'certificateMissing',
    );
    expect(named(sequence(nameOf([ATTRIBUTE.commonName, utf8('X')]), integer(7)))).toBe('certificateMissing');
    expect(named(encode(0x80, Buffer.alloc(20)), 3)).toBe('certificateMissing');
  });

  it('the same issuer and serial number on another key of the same CA: one of the two must fail', () => {
    const serial = Uint8Array.of(1, 2, 3);
    const a = gost.issue(PERSON, { key, override: { serial } });
    const b = gost.issue(PERSON, { key: other.key, override: { serial } });
    const attributes = signedAttributes(a, CONTENT);
    const signed = (certificates: readonly Uint8Array[]) =>
      outcome(judge(message({ certificates, signers: [signerInfo(a, attributes)] })));
    expect(signed([a.certificate])).toBe('ok');
    expect(signed([b.certificate])).toBe('badSignature');
    expect(signed([a.certificate, b.certificate])).toBe('certificateMissing');
  });

  it('a signing certificate attribute that names another certificate', () => {
    const wrong = signedAttributes(other, CONTENT, { cades: true })[1];
    const [type, digest] = signedAttributes(person, CONTENT);
    if (wrong === undefined || type === undefined || digest === undefined)
      throw new Error('three attributes are expected');
    expect(outcome(judge(message({}, {}, [type, wrong, digest])))).toBe('certificateMissing');
  });
});

describe('content', () => {
  it('other than expected, attached or detached', () => {
    expect(outcomeOf(person, { content: Buffer.from('other') })).toBe('contentMismatch');
    expect(outcomeOf(person, { content: Buffer.from('other') }, { detached: true })).toBe('contentMismatch');
    expect(outcomeOf(person, {}, { detached: true })).toBe('contentMismatch');
  });

  it('other content attached beside the correct detached content', () => {
    const evil = Buffer.from('evil');
    const signed = signCms(person, CONTENT, { detached: true });
    expect(outcome(judge(signed, { content: CONTENT }))).toBe('ok');
    expect(outcome(judge(message({ content: evil }), { content: CONTENT }))).toBe('contentMismatch');
    expect(outcome(judge(message({ content: evil }), { content: evil }))).toBe('contentMismatch');
    expect(outcome(judge(message({ content: new Uint8Array() }), { content: CONTENT }))).toBe(
      'contentMismatch',
    );
  });

  it('of another type, outside or in the signed attributes', () => {
    const digest = signedAttributes(person, CONTENT)[1] ?? NULL;
    const tst = '1.2.840.113549.1.9.16.1.4';
    expect(outcome(judge(message({ contentType: tst })))).toBe('contentMismatch');
    expect(outcome(judge(message({}, {}, [attribute('1.2.840.113549.1.9.3', encodeOid(tst)), digest])))).toBe(
      'contentMismatch',
    );
    expect(
      outcome(
        judge(message({ contentType: tst }, {}, [attribute('1.2.840.113549.1.9.3', encodeOid(tst)), digest])),
      ),
    ).toBe('contentMismatch');
    expect(
      outcome(judge(message({}, {}, [attribute('1.2.840.113549.1.9.3', encodeOid(DATA_ID)), digest]))),
    ).toBe('ok');
  });
});

describe('algorithms', () => {
  const digests = [
    OID.streebog512,
    OID.sha1,
    OID.sha256,
    OID.sha512,
    OID.gost94,
    '1.2.398.3.10.1.3.2',
    '1.2.840.113549.2.5',
  ];
  const signatures = [
    OID.gost2015Signature,
    OID.gost2015Key,
    OID.gost2004Signature,
    OID.gost2004Key,
    OID.rsaKey,
    OID.sha256WithRsa,
    OID.sha512WithRsa,
    '1.2.840.113549.1.1.5',
    '1.2.840.113549.1.1.10',
    '1.2.840.10045.4.3.2',
    '1.2.398.3.10.1.1.2.3.1',
    '1.3.6.1.4.1.6801.1.1.1',
  ];
  let rsa: Identity;
  let rsaTrust: ReturnType<typeof createTrust>;

  beforeAll(() => {
    const authority = createTestAuthority({ family: 'rsa', at: AT });
    rsaTrust = createTrust(authority.certificates);
    rsa = authority.issue(PERSON);
  });

  function accepted(identity: Identity, given: Parameters<typeof judge>[1]): string[] {
    return digests.flatMap((digest) =>
      signatures.flatMap((signature) => {
        // The digest is correct where it can be made, so that only the table decides.
        const name = digest === OID.sha512 ? 'sha512' : identity.key.digest;
        const attributes = signedAttributes(identity, CONTENT, { digest: name });
        const info = signerInfo(identity, attributes, {
          digest: name,
          digestAlgorithm: algorithm(digest),
          signatureAlgorithm: algorithm(signature),
        });
        const cms = makeCms({
          content: CONTENT,
          certificates: [identity.certificate],
          digestAlgorithms: [algorithm(digest)],
          signers: [info],
        });
        const verdict = judge(cms, given);
        return verdict.ok ? [`${digest} ${signature}`] : [];
      }),
    );
  }

  it('only the rows of the table, of all pairs, for a GOST key', () => {
    expect(accepted(person, {})).toEqual([`${OID.streebog512} ${OID.gost2015Signature}`]);
  });

  it('only the rows of the table, of all pairs, for an RSA key', () => {
    expect(accepted(rsa, { trust: rsaTrust })).toEqual([
      `${OID.sha256} ${OID.rsaKey}`,
      `${OID.sha256} ${OID.sha256WithRsa}`,
      `${OID.sha512} ${OID.rsaKey}`,
      `${OID.sha512} ${OID.sha512WithRsa}`,
    ]);
  });

  it('GOST 34.310-2004 only when asked for, with the signature or the key named', () => {
    const old = gost.issue(PERSON, { key: makeGostKey('gost2004', 'old') });
    for (const signature of [OID.gost2004Signature, OID.gost2004Key]) {
      const cms = makeCms({
        content: CONTENT,
        certificates: [old.certificate],
        digestAlgorithms: [algorithm(OID.gost94)],
        signers: [
          signerInfo(old, signedAttributes(old, CONTENT), { signatureAlgorithm: algorithm(signature) }),
        ],
      });
      expect(outcome(judge(cms))).toBe('algorithmNotAllowed');
      expect(outcome(judge(cms, { allowGost2004: true }))).toBe('ok');
    }
  });

  it('a digest that the message does not announce', () => {
    expect(outcome(judge(message({ digestAlgorithms: [algorithm(OID.sha256)] })))).toBe(
      'algorithmNotAllowed',
    );
    expect(outcome(judge(message({ digestAlgorithms: [] })))).toBe('algorithmNotAllowed');
  });

  it('a certificate with two algorithms, or with one that is not allowed', () => {
    const inner = gost.issue(PERSON, { key, override: { innerAlgorithm: algorithm(OID.sha256WithRsa) } });
    expect(outcomeOf(inner)).toBe('algorithmNotAllowed');
    const sha1 = '1.2.840.113549.1.1.5';
    const weak = gost.issue(PERSON, { key, override: { outerAlgorithm: algorithm(sha1) } });
    expect(outcomeOf(weak)).toBe('algorithmNotAllowed');
    const id = key.signatureId();
    const parameters = gost.issue(PERSON, {
      key,
      override: { innerAlgorithm: algorithm(id, octetString(NULL)) },
    });
    expect(outcomeOf(parameters)).toBe('algorithmNotAllowed');
    const both = algorithm(id, octetString(NULL));
    const outer = gost.issue(PERSON, { key, override: { innerAlgorithm: both, outerAlgorithm: both } });
    expect(refusalAsValue(() => certificate(outer.certificate))).toMatchObject({ reason: 'malformed' });
  });

  it('absent parameters are NULL, in certificates, digests and signatures, for GOST and for RSA', () => {
    const rsa = createTestAuthority({ family: 'rsa', at: AT });
    const trust = createTrust(rsa.certificates);
    for (const [authority, given] of [
      [gost, {}],
      [rsa, { trust }],
    ] as const) {
      const { key: caKey } = authority.issuing;
      const bare = algorithm(caKey.signatureId(), null);
      for (const override of [
        { innerAlgorithm: bare },
        { outerAlgorithm: bare, innerAlgorithm: algorithm(caKey.signatureId()) },
        { innerAlgorithm: bare, outerAlgorithm: bare },
      ]) {
        expect(outcomeOf(authority.issue(PERSON, { override }), given)).toBe('ok');
      }
      const identity = authority.issue(PERSON);
      const digestAlgorithm = algorithm(identity.key.digestId(), null);
      const cms = makeCms({
        content: CONTENT,
        certificates: [identity.certificate],
        digestAlgorithms: [algorithm(identity.key.digestId())],
        signers: [
          signerInfo(identity, signedAttributes(identity, CONTENT), {
            digestAlgorithm,
            signatureAlgorithm: algorithm(identity.key.signatureId(), null),
          }),
        ],
      });
      expect(outcome(judge(cms, given))).toBe('ok');
    }
  });

  it('RSA keys too short, too long, or of a small exponent', () => {
    const shown = [makeRsaKey(1024), makeRsaKey(2048, 3), oversized()].map((weak) =>
      outcomeOf(gost.issue(PERSON, { key: weak })),
    );
    expect(shown).toEqual(['algorithmNotAllowed', 'algorithmNotAllowed', 'algorithmNotAllowed']);
  });

  /** A key of 16,384 bits that nobody holds: making a real one would take minutes. */
  function oversized(): TestKey {
    const modulus = Buffer.alloc(2048, 0xff);
    const spki = sequence(algorithm(OID.rsaKey), bitString(sequence(integer(modulus), integer(65_537))));
    return { ...rsa.key, publicKey: spki };
  }

  it('GOST keys with other parameters', () => {
    const parameters = sequence(encodeOid(OID.gost2015Parameters), encodeOid(OID.gost94));
    const bits = bitString(octetString(Buffer.alloc(128, 1)));
    const odd = { ...key, publicKey: sequence(sequence(encodeOid(OID.gost2015Key), parameters), bits) };
    expect(outcomeOf(gost.issue(PERSON, { key: odd }))).toBe('algorithmNotAllowed');
  });

  it('RSA padding other than the one of PKCS #1', () => {
    const attributes = signedAttributes(rsa, CONTENT);
    const signature = rsa.key.sign(setOf(...attributes));
    const shorter = signature.subarray(1);
    const longer = Buffer.concat([Uint8Array.of(0), signature]);
    const shown = [signature, shorter, longer, Buffer.alloc(256), Buffer.alloc(256, 0xff)].map((given) =>
      outcome(
        judge(
          makeCms({
            content: CONTENT,
            certificates: [rsa.certificate],
            digestAlgorithms: [algorithm(OID.sha256)],
            signers: [signerInfo(rsa, attributes, { signature: given })],
          }),
          { trust: rsaTrust },
        ),
      ),
    );
    expect(shown).toEqual(['ok', 'badSignature', 'badSignature', 'badSignature', 'badSignature']);
  });
});

describe('signature', () => {
  it('by another key, or over other attributes', () => {
    const attributes = signedAttributes(person, CONTENT);
    const stolen = signerInfo({ ...person, key: other.key }, attributes);
    expect(outcome(judge(message({ signers: [stolen] })))).toBe('badSignature');
    expect(outcome(judge(message({}, { signature: key.sign(CONTENT) })))).toBe('badSignature');
    expect(outcome(judge(message({}, { signature: new Uint8Array(128) })))).toBe('badSignature');
    expect(outcome(judge(message({}, { signature: new Uint8Array() })))).toBe('badSignature');
  });

  it('unsigned attributes change nothing', () => {
    const junk = attribute('1.2.840.113549.1.9.16.2.14', octetString(Buffer.from('a time-stamp of 1999')));
    expect(outcome(judge(message({}, { unsignedAttributes: [junk] })))).toBe('ok');
    const expired = gost.issue(PERSON, {
      key,
      notBefore: later(-900 * 86_400_000),
      notAfter: later(-500 * 86_400_000),
    });
    const signers = [signerInfo(expired, signedAttributes(expired, CONTENT), { unsignedAttributes: [junk] })];
    expect(outcome(judge(message({ certificates: [expired.certificate], signers })))).toBe('expired');
  });
});

describe('time', () => {
  it('is checked to the second, both ends included', () => {
    const brief = gost.issue(PERSON, { key, notBefore: later(-MINUTE), notAfter: later(MINUTE) });
    const at = (offset: number) => outcomeOf(brief, { at: later(offset) });
    expect([at(-MINUTE - 1000), at(-MINUTE), at(MINUTE), at(MINUTE + 1000)]).toEqual([
      'notYetValid',
      'ok',
      'ok',
      'expired',
    ]);
  });

  it('is also checked for the issuers', () => {
    const long = gost.issue(PERSON, {
      key,
      notBefore: later(-5000 * 86_400_000),
      notAfter: later(9000 * 86_400_000),
    });
    expect(outcomeOf(long, { at: later(-400 * 86_400_000) })).toBe('notYetValid');
    expect(outcomeOf(long, { at: later(8000 * 86_400_000) })).toBe('expired');
  });
});

describe('use', () => {
  it('of keys that may not sign, or not for this purpose', () => {
    const encipher = gost.issue(PERSON, { key, override: { keyUsage: ['keyEncipherment'] } });
    const none = gost.issue(PERSON, { key, override: { keyUsage: [] } });
    const document = gost.issue(PERSON, { key, override: { keyUsage: ['nonRepudiation'] } });
    const purpose = gost.issue(PERSON, { key, override: { extendedKeyUsage: ['1.2.398.3.3.4.1.1'] } });
    expect([encipher, none].map((identity) => outcomeOf(identity))).toEqual([
      'wrongKeyUsage',
      'wrongKeyUsage',
    ]);
    expect(outcomeOf(document)).toBe('ok');
    expect(outcomeOf(document, { require: 'individual' })).toBe('wrongKeyUsage');
    expect(outcomeOf(purpose, { require: 'individual' })).toBe('wrongKeyUsage');
  });

  it('of an authentication key: it may sign in but not sign documents', () => {
    const authentication = gost.issue(PERSON, { key, profile: 'authentication' });
    expect(outcomeOf(authentication, { require: 'individual' })).toBe('ok');
    expect(outcomeOf(authentication, { require: 'individual-signature' })).toBe('wrongKeyUsage');
  });

  it('of a CA certificate', () => {
    const ca = gost.issue(PERSON, {
      key,
      override: { ca: {}, keyUsage: ['digitalSignature', 'keyCertSign'] },
    });
    expect(outcomeOf(ca)).toBe('wrongKeyUsage');
  });

  it('by organisations, systems, the treasury and the authority itself', () => {
    for (const profile of ['head', 'employee', 'informationSystem', 'treasury'] as const) {
      const identity = gost.issue(PERSON, { key, profile });
      expect([profile, outcomeOf(identity)]).toEqual([profile, 'ok']);
      expect([profile, outcomeOf(identity, { require: 'individual' })]).toEqual([profile, 'notIndividual']);
    }
    const operator = ['1.3.6.1.5.5.7.3.4', '1.2.398.3.3.4.1.1', '1.2.398.3.3.4.2.3'];
    const mixed = ['1.3.6.1.5.5.7.3.4', '1.2.398.3.3.4.1.1', '1.2.398.3.3.4.1.2.5'];
    const bare = ['1.3.6.1.5.5.7.3.4'];
    for (const extendedKeyUsage of [operator, mixed, bare]) {
      const identity = gost.issue(PERSON, { key, override: { extendedKeyUsage } });
      expect(outcomeOf(identity, { require: 'individual' })).toBe('notIndividual');
    }
  });

  it('by an individual certificate that carries an organisation', () => {
    const organisation = { name: 'ТОО "Ромашка"', bin: '000140000019' };
    expect(outcomeOf(gost.issue(PERSON, { key, organisation }), { require: 'individual' })).toBe(
      'notIndividual',
    );
    const unit = subject([ATTRIBUTE.organisationalUnit, utf8('BIN000140000019')]);
    expect(outcomeOf(unit, { require: 'individual' })).toBe('notIndividual');
    for (const text of [
      'bin000140000019',
      'Bin 000140000019',
      ' BIN',
      'ＢＩＮ000140000019',
      'бин000140000019',
      'БСН',
      '000140000019',
    ])
      expect([
        text,
        outcomeOf(subject([ATTRIBUTE.organisationalUnit, utf8(text)]), { require: 'individual' }),
      ]).toEqual([text, 'notIndividual']);
    const identified = subject([ATTRIBUTE.organisationIdentifier, utf8('NTRKZ-000140000019')]);
    expect(outcomeOf(identified, { require: 'individual' })).toBe('notIndividual');
    expect(outcomeOf(identified)).toBe('ok');
    const home = subject([ATTRIBUTE.organisationalUnit, utf8('Отдел 12')]);
    expect(outcomeOf(home, { require: 'individual' })).toBe('ok');
    const company = subject([ATTRIBUTE.organisation, utf8('X')]);
    expect(outcomeOf(company, { require: 'individual' })).toBe('notIndividual');
  });
});

/** A person's certificate with additional attributes in the subject. */
function subject(...extra: readonly TestAttribute[]): Identity {
  return named(
    [ATTRIBUTE.commonName, utf8('ҚҰНАНБАЕВ АБАЙ')],
    [ATTRIBUTE.serialNumber, printable('IIN900101300017')],
    ...extra,
  );
}

function named(...attributes: readonly TestAttribute[]): Identity {
  return gost.issue(PERSON, { key, override: { subject: nameOf(...attributes) } });
}

describe('the IIN', () => {
  const cn: TestAttribute = [ATTRIBUTE.commonName, utf8('ҚҰНАНБАЕВ АБАЙ')];
  const serial = (value: Uint8Array): Identity => named(cn, [ATTRIBUTE.serialNumber, value]);

  it('comes from exactly one serialNumber in the one accepted form', () => {
    const wrong: Record<string, Identity> = {
      two: subject([ATTRIBUTE.serialNumber, printable('IIN900101300025')]),
      'the same twice': subject([ATTRIBUTE.serialNumber, printable('IIN900101300017')]),
      none: named(cn),
      'only in the common name': named([ATTRIBUTE.commonName, utf8('X, SERIALNUMBER=IIN900101300017')]),
      'twice the prefix': serial(printable('IINIIN900101300017')),
      'lower case': serial(printable('iin900101300017')),
      'a BIN': serial(printable('BIN900101300017')),
      'eleven digits': serial(printable('IIN90010130001')),
      'thirteen digits': serial(printable('IIN9001013000170')),
      'a space before': serial(printable(' IIN900101300017')),
      'a line end': serial(printable('IIN900101300017\n')),
      'a NUL inside': serial(printable('IIN90010\u000001300017')),
      'UTF-8': serial(utf8('IIN900101300017')),
      BMP: serial(encode(0x1e, Buffer.from('IIN900101300017', 'utf16le').swap16())),
      Teletex: serial(encode(0x14, Buffer.from('IIN900101300017'))),
      'other digits': serial(utf8('IIN٩٠٠١٠١٣٠٠٠١٧')),
    };
    const shown = Object.entries(wrong).map(([what, identity]) => [
      what,
      outcomeOf(identity, { require: 'individual' }),
    ]);
    expect(shown).toEqual(Object.keys(wrong).map((what) => [what, 'noIin']));
    // Without a requirement, a certificate may lack an IIN but not have a doubtful one.
    const plain = Object.entries(wrong).filter(([, identity]) => outcomeOf(identity) === 'ok');
    expect(plain.map(([what]) => what)).toEqual(['none', 'only in the common name']);
  });

  it('an RDN of two values does not count', () => {
    const pair = wrap(
      0x31,
      sequence(encodeOid(ATTRIBUTE.commonName), utf8('X')),
      sequence(encodeOid(ATTRIBUTE.serialNumber), printable('IIN900101300017')),
    );
    const identity = gost.issue(PERSON, { key, override: { subject: sequence(pair) } });
    expect(outcomeOf(identity, { require: 'individual' })).toBe('noIin');
  });
});

describe('the chain', () => {
  const intermediate = (
    override: Partial<Parameters<typeof makeCertificate>[0]>,
    name = 'SUB CA',
  ): Identity => {
    const subKey = makeGostKey('gost2015', name);
    return {
      key: subKey,
      certificate: makeCertificate({
        subject: nameOf([ATTRIBUTE.commonName, utf8(name)]),
        key: subKey,
        issuer: gost.root,
        notBefore: later(-86_400_000),
        notAfter: later(86_400_000),
        keyUsage: ['keyCertSign', 'cRLSign'],
        ca: {},
        ...override,
      }),
    };
  };
  const leafOf = (issuer: Identity, override = {}): Identity =>
    gost.issue(PERSON, { key, override: { issuer, ...override } });
  const chained = (issuers: readonly Identity[], leaf: Identity): string =>
    outcomeOf(leaf, {
      trust: createTrust([gost.root, gost.issuing, ...issuers].map(({ certificate }) => certificate)),
    });

  it('through one intermediate, and through two', () => {
    const first = intermediate({});
    const second = intermediate({ issuer: first }, 'SUB SUB CA');
    expect(chained([first], leafOf(first))).toBe('ok');
    expect(chained([first, second], leafOf(second))).toBe('ok');
  });

  it('never through certificates from the message', () => {
    const sub = intermediate({});
    const leaf = leafOf(sub);
    const cms = makeCms({
      content: CONTENT,
      certificates: [leaf.certificate, sub.certificate, gost.root.certificate],
      digestAlgorithms: [algorithm(OID.streebog512)],
      signers: [signerInfo(leaf, signedAttributes(leaf, CONTENT))],
    });
    expect(outcome(judge(cms))).toBe('untrusted');
  });

  it('of another authority with the same names, by its own key', () => {
    const impostor = createTestAuthority({ at: AT, seed: 'impostor' });
    const leaf = impostor.issue(PERSON, { key });
    expect(outcomeOf(leaf)).toBe('untrusted');
    const claimed = impostor.issue(PERSON, { key, override: { authorityKeyId: keyIdOf(gost.issuing) } });
    expect(outcomeOf(claimed)).toBe('untrusted');
    expect(outcomeOf(leaf, { trust: createTrust(impostor.certificates) })).toBe('ok');
  });

  it('path length, CA flag and key usage of issuers', () => {
    const first = intermediate({ ca: { pathLength: 0 } });
    const second = intermediate({ issuer: first }, 'SUB SUB CA');
    expect(chained([first], leafOf(first))).toBe('ok');
    expect(chained([first, second], leafOf(second))).toBe('untrusted');
    const notCa = intermediate({ ca: undefined });
    expect(chained([notCa], leafOf(notCa))).toBe('untrusted');
    const noSign = intermediate({ keyUsage: ['cRLSign', 'digitalSignature'] });
    expect(chained([noSign], leafOf(noSign))).toBe('untrusted');
    const constrained = intermediate({ extraExtensions: [extension('2.5.29.30', NULL)] });
    expect(chained([constrained], leafOf(constrained))).toBe('untrusted');
    const critical = intermediate({ extraExtensions: [extension('1.2.3.4', NULL, true)] });
    expect(chained([critical], leafOf(critical))).toBe('untrusted');
  });

  it('a person cannot be an issuer, and a self-signed certificate does not prove itself', () => {
    expect(chained([person], leafOf(person))).toBe('untrusted');
    const self = gost.issue(PERSON, { key, override: { issuer: null, authorityKeyId: undefined } });
    expect(outcomeOf(self)).toBe('untrusted');
    expect(chained([self], self)).toBe('untrusted');
  });

  it('key identifiers: missing, or of another key', () => {
    expect(outcomeOf(gost.issue(PERSON, { key, override: { authorityKeyId: null } }))).toBe('untrusted');
    expect(outcomeOf(gost.issue(PERSON, { key, override: { authorityKeyId: Buffer.alloc(20) } }))).toBe(
      'untrusted',
    );
  });

  it('an issuer that expired or is not yet valid', () => {
    const past = intermediate({ notBefore: later(-3 * 86_400_000), notAfter: later(-1000) });
    const future = intermediate({ notBefore: later(1000), notAfter: later(86_400_000) });
    expect(chained([past], leafOf(past))).toBe('expired');
    expect(chained([future], leafOf(future))).toBe('notYetValid');
  });

  it('unknown critical extensions of the signer, while harmless ones pass', () => {
    const critical = gost.issue(PERSON, {
      key,
      override: { extraExtensions: [extension('1.2.3.4', NULL, true)] },
    });
    const harmless = gost.issue(PERSON, { key, override: { extraExtensions: [extension('1.2.3.4', NULL)] } });
    expect(outcomeOf(critical)).toBe('untrusted');
    expect(outcomeOf(harmless)).toBe('ok');
  });

  it('an extension that occurs twice', () => {
    const twice = extension('1.2.3.4', NULL);
    const override = { extraExtensions: [twice, twice] };
    expect(() => gost.issue(PERSON, { key, override })).not.toThrow();
    const identity = gost.issue(PERSON, { key, override });
    const cms = makeCms({
      content: CONTENT,
      certificates: [identity.certificate],
      digestAlgorithms: [algorithm(OID.streebog512)],
      signers: [signerInfo(person, signedAttributes(person, CONTENT))],
    });
    expect(outcome(judge(cms))).toBe('malformed');
  });

  it('a certificate that was changed after signing', () => {
    const changed = Buffer.from(person.certificate);
    const at = changed.indexOf('IIN900101300017');
    changed.write('IIN900101300025', at);
    expect(outcome(judge(message({ certificates: [changed] })))).toBe('untrusted');
  });

  it('trust accepts anchors and intermediates and ignores the rest', () => {
    const files = [
      gost.root.certificate,
      gost.issuing.certificate,
      gost.issuing.certificate,
      gost.responder.certificate,
      person.certificate,
      Buffer.from('notes'),
      new Uint8Array(),
      gost.root.certificate.subarray(1),
    ];
    const { anchors, intermediates } = createTrust(files);
    expect([anchors.length, intermediates.length]).toEqual([1, 1]);
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(gost.root.certificate).toString('base64')}\n-----END CERTIFICATE-----\n`;
    expect(createTrust([Buffer.from(pem.repeat(2))]).anchors).toHaveLength(1);
    const broken = Buffer.from(gost.root.certificate);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    expect(createTrust([broken]).anchors).toHaveLength(0);
  });
});

it('the reasons are the closed list', () => {
  expect(REASONS).toHaveLength(18);
});

it('the subject of a person is as the authority writes it', () => {
  expect(personName(PERSON)).toEqual(personName({ ...PERSON }));
  expect(Buffer.from(personName(PERSON)).includes('IIN900101300017')).toBe(true);
});

function integerOctets(value: number, length: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}

function headerLength(der: Uint8Array): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

/**
 * Replaces a SET inside a SignerInfo (where it has another tag) and rebuilds the outer sequence.
 */
function replaceOnce(
  info: Uint8Array,
  set: Uint8Array,
  by: (set: Uint8Array) => Uint8Array,
  tag: number,
): Uint8Array {
  const tagged = Buffer.from(set);
  tagged[0] = tag;
  const at = Buffer.from(info).indexOf(tagged);
  const start = headerLength(info);
  return sequence(info.subarray(start, at), by(set), info.subarray(at + set.length));
}

function keyIdOf(identity: Identity): Uint8Array {
  const mark = Buffer.from(identity.certificate).indexOf(encodeOid('2.5.29.14'));
  return identity.certificate.subarray(mark + 9, mark + 29);
}
