/**
 * Several signers of one message, other ways to name a certificate, and the older ESS attribute.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { loadCrl } from '../src/crl.ts';
import { encode, encodeOid, wrap } from '../src/der-writer.ts';
import { createTestAuthority } from '../src/testing/authority.ts';
import { type Identity, keyIdentifier } from '../src/testing/certificates.ts';
import {
  attribute,
  type CmsForm,
  identifierOf,
  makeCms,
  type SignerForm,
  signedAttributes,
  signerInfo,
} from '../src/testing/cms.ts';
import { algorithm, octetString, sequence } from '../src/testing/der.ts';
import { makeGostKey, makeRsaKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { type AllVerdicts, type VerifyAllRequest, verifyAll } from '../src/verify.ts';
import { mutate, seeded } from './mutator.ts';
import { AT, CONTENT, gost, gostTrust, judge, outcome, PERSON } from './support.ts';

const key = makeGostKey('gost2015', 'several');
const person = gost.issue(PERSON, { key });
const other = gost.issue({ ...PERSON, iin: '900101300025' }, { key: makeGostKey('gost2015', 'second') });
const STREEBOG = algorithm(OID.streebog512);

function signer(of: Identity, form: SignerForm = {}, content: Uint8Array = CONTENT): Uint8Array {
  return signerInfo(of, signedAttributes(of, content), form);
}

function message(form: Partial<CmsForm>): Uint8Array {
  return makeCms({
    content: CONTENT,
    certificates: [person.certificate, other.certificate],
    digestAlgorithms: [STREEBOG],
    signers: [signer(person), signer(other)],
    ...form,
  });
}

function all(bytes: Uint8Array, given: Partial<VerifyAllRequest> = {}): AllVerdicts {
  return verifyAll({ message: bytes, at: AT, trust: gostTrust, revocation: 'skip', ...given });
}

/** The verdict of the whole, and of each signer. */
function outcomes(judged: AllVerdicts): readonly string[] {
  return [judged.ok ? 'ok' : judged.reason, ...judged.verdicts.map(outcome)];
}

describe('verifyAll', () => {
  it('gives a verdict for each signer in the order of the message, which DER sorts', () => {
    const judged = all(message({}), { content: CONTENT, require: 'individual' });
    expect(outcomes(judged)).toEqual(['ok', 'ok', 'ok']);
    const iins = judged.verdicts.flatMap((verdict) => (verdict.ok ? [verdict.signer.iin] : []));
    expect(new Set(iins)).toEqual(new Set([PERSON.iin, '900101300025']));
    expect(outcome(judge(message({})))).toBe('severalSigners');
  });

  it('judges one signer as `verify` does', () => {
    const one = message({ certificates: [person.certificate], signers: [signer(person)] });
    expect(outcomes(all(one))).toEqual(['ok', 'ok']);
    expect(all(one).verdicts[0]).toEqual(judge(one));
  });

  it('accepts the whole only if every signer is accepted', () => {
    const broken = signer(other, { signature: Buffer.alloc(128, 1) });
    for (const signers of [
      [signer(person), broken],
      [broken, signer(person)],
    ]) {
      const judged = all(message({ signers }));
      expect(judged).toMatchObject({ ok: false, reason: 'badSignature' });
      expect(outcomes(judged).slice(1).sort()).toEqual(['badSignature', 'ok']);
    }
  });

  it('a signature of one signer does not count for the other', () => {
    const stolen = signerInfo(person, signedAttributes(person, CONTENT), {
      identifier: identifierOf(other.certificate),
    });
    expect(outcomes(all(message({ signers: [signer(person), stolen] })))).toContain('badSignature');
  });

  it('a signer over other content, without attributes, or without a certificate is refused alone', () => {
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['contentMismatch', signer(other, {}, Buffer.from('other content'))],
      ['noSignedAttributes', signerInfo(other, null, {}, CONTENT)],
      ['certificateMissing', signer(other, { version: 3, identifier: encode(0x80, Buffer.alloc(20)) })],
      ['algorithmNotAllowed', signer(other, { digestAlgorithm: algorithm(OID.sha256) })],
    ];
    for (const [reason, second] of cases) {
      const judged = all(message({ signers: [signer(person), second] }));
      expect(outcomes(judged).slice(1).sort()).toEqual([reason, 'ok'].sort());
      expect(judged).toMatchObject({ ok: false, reason });
    }
  });

  it('an unreadable signer makes the message unreadable', () => {
    const judged = all(message({ signers: [signer(person), sequence(octetString(CONTENT))] }));
    expect(judged).toEqual({ ok: false, reason: 'malformed', detail: expect.any(String), verdicts: [] });
  });

  it('nobody, too many signers, too many certificates', () => {
    expect(outcomes(all(message({ signers: [] })))).toEqual(['noSigner']);
    const many = (count: number) => Array.from({ length: count }, () => signer(person));
    expect(outcomes(all(message({ signers: many(16) }), { maxBytes: 1e6 }))).toHaveLength(17);
    expect(outcomes(all(message({ signers: many(17) }), { maxBytes: 1e6 }))).toEqual(['tooLarge']);
    const bag = (count: number) => message({ certificates: Array(count).fill(person.certificate) });
    expect(outcomes(all(bag(21), { maxBytes: 1e6 }))).toEqual(['tooLarge']);
    expect(outcome(judge(bag(6), { maxBytes: 1e6 }))).toBe('tooLarge');
  });

  it('signers of two families, each by its own digest and chain', () => {
    const rsa = createTestAuthority({ at: AT, family: 'rsa', seed: 'several' });
    const second = rsa.issue(PERSON, { key: makeRsaKey() });
    const both = message({
      certificates: [person.certificate, second.certificate],
      digestAlgorithms: [STREEBOG, algorithm(OID.sha256)],
      signers: [signer(person), signer(second)],
    });
    const trust = createTrust([...gost.certificates, ...rsa.certificates]);
    expect(outcomes(all(both, { trust }))).toEqual(['ok', 'ok', 'ok']);
    expect(outcomes(all(both)).slice(1).sort()).toEqual(['ok', 'untrusted']);
  });

  it('checks revocation for each signer, and demands it unless it is skipped', () => {
    const list = loadCrl(
      gost.crl([{ certificate: other.certificate, at: AT }], { thisUpdate: AT }),
      gostTrust,
    );
    if (!list.ok) throw new Error(list.detail);
    const judged = all(message({}), { revocation: 'check', crls: [list.crl] });
    expect(outcomes(judged).slice(1).sort()).toEqual(['ok', 'revoked']);
    expect(outcomes(all(message({}), { revocation: 'check' }))).toEqual(Array(3).fill('revocationUnknown'));
  });

  it('takes no OCSP answer, which could be about one signer only', () => {
    const ocsp = { response: CONTENT };
    expect(() => all(message({}), { ocsp } as never)).toThrow('`ocsp` is not for `verifyAll`');
    expect(() => verifyAll({ message: message({}), trust: gostTrust } as never)).toThrow('`at` is missing');
  });
});

describe('a signer named by the key identifier', () => {
  const identifier = encode(0x80, keyIdentifier(key));
  const named = (form: SignerForm, certificates = [person.certificate]) =>
    outcome(judge(message({ certificates, signers: [signer(person, form)] })));

  it('is found by the identifier in the certificate, in version 3 only', () => {
    expect(named({ identifier, version: 3 })).toBe('ok');
    expect(named({ identifier, version: 1 })).toBe('malformed');
    expect(named({ version: 3 })).toBe('malformed');
  });

  it('must be exactly one certificate of the message', () => {
    const again = gost.issue(PERSON, { key });
    expect(named({ identifier, version: 3 }, [person.certificate, other.certificate])).toBe('ok');
    expect(named({ identifier, version: 3 }, [person.certificate, again.certificate])).toBe(
      'certificateMissing',
    );
    expect(named({ identifier, version: 3 }, [other.certificate])).toBe('certificateMissing');
    expect(named({ identifier: encode(0x80, keyIdentifier(key).subarray(1)), version: 3 })).toBe(
      'certificateMissing',
    );
    expect(named({ identifier: encode(0x80, new Uint8Array()), version: 3 })).toBe('certificateMissing');
  });

  it('of another key: the signature decides', () => {
    const foreign = encode(0x80, keyIdentifier(other.key));
    expect(named({ identifier: foreign, version: 3 }, [other.certificate])).toBe('badSignature');
  });
});

describe('mutants', { timeout: 300_000 }, () => {
  const CASES = 1500;

  it(`${CASES} mutants of two signers: an accepted signer’s attributes and content are whole`, () => {
    const random = seeded(22);
    const byKey = signer(person, { version: 3, identifier: encode(0x80, keyIdentifier(key)) });
    const originals = [message({}), message({ signers: [byKey, signer(other)] })];
    const identifiers = Object.values(OID).map((id) => encodeOid(id).subarray(2));
    const attributes = [person, other].map((of) => Buffer.from(wrap(0xa0, ...signedParts(of))));
    const tally = new Map<string, number>();
    const broken: string[] = [];
    for (let i = 0; i < CASES; i++) {
      const original = originals[i % 2] ?? new Uint8Array();
      const mutant = mutate(original, originals, identifiers, random);
      for (const verdict of all(mutant.bytes).verdicts) {
        tally.set(outcome(verdict), (tally.get(outcome(verdict)) ?? 0) + 1);
        if (!verdict.ok) continue;
        const index = verdict.signer.iin === PERSON.iin ? 0 : 1;
        const signed = Buffer.from(mutant.bytes).includes(attributes[index] ?? CONTENT);
        if (!signed || Buffer.compare(verdict.content, CONTENT) !== 0) broken.push(`${i} ${mutant.kinds}`);
      }
    }
    console.log(
      `mutants of two signers: ${[...tally].map(([what, count]) => `${what} ${count}`).join(', ')}`,
    );
    expect(broken).toEqual([]);
    for (const reason of ['ok', 'contentMismatch', 'certificateMissing', 'badSignature'])
      expect([reason, (tally.get(reason) ?? 0) > 5]).toEqual([reason, true]);
  });
});

/** The signed attributes in the order of DER. */
function signedParts(of: Identity): readonly Uint8Array[] {
  return [...signedAttributes(of, CONTENT)].sort(Buffer.compare);
}

describe('the ESS attribute of version 1', () => {
  const [type, digest] = signedAttributes(person, CONTENT);
  const sha1 = (of: Identity) => octetString(createHash('sha1').update(of.certificate).digest());
  const v1 = (...fields: readonly Uint8Array[]) =>
    attribute('1.2.840.113549.1.9.16.2.12', sequence(sequence(sequence(...fields))));
  const v2 = signedAttributes(other, CONTENT, { cades: true })[1] ?? new Uint8Array();
  const issuerSerial = (of: Identity) => {
    const named = identifierOf(of.certificate);
    // The same pair, with the name as a directoryName among GeneralNames.
    const header = (named[1] ?? 0) < 0x80 ? 2 : 2 + ((named[1] ?? 0) & 0x7f);
    const body = named.subarray(header);
    const nameLength = (body[1] ?? 0) < 0x80 ? 2 + (body[1] ?? 0) : 3 + (body[2] ?? 0);
    return sequence(sequence(encode(0xa4, body.subarray(0, nameLength))), body.subarray(nameLength));
  };
  const withAttributes = (...extra: readonly Uint8Array[]) => {
    if (type === undefined || digest === undefined) throw new Error('two attributes are expected');
    const attributes = [type, digest, ...extra];
    return outcome(
      judge(message({ certificates: [person.certificate], signers: [signerInfo(person, attributes)] })),
    );
  };

  it('must name the signer’s certificate, as that of version 2', () => {
    expect(withAttributes(v1(sha1(person)))).toBe('ok');
    expect(withAttributes(v1(sha1(person), issuerSerial(person)))).toBe('ok');
    expect(withAttributes(v1(sha1(other)))).toBe('certificateMissing');
    expect(withAttributes(v1(sha1(person), issuerSerial(other)))).toBe('certificateMissing');
    expect(withAttributes(v1(octetString(new Uint8Array())))).toBe('certificateMissing');
    const sha256 = octetString(createHash('sha256').update(person.certificate).digest());
    expect(withAttributes(v1(sha256))).toBe('certificateMissing');
  });

  it('of both versions, both count', () => {
    expect(withAttributes(v1(sha1(person)), v2)).toBe('certificateMissing');
    const right = signedAttributes(person, CONTENT, { cades: true })[1] ?? new Uint8Array();
    expect(withAttributes(v1(sha1(person)), right)).toBe('ok');
    expect(withAttributes(v1(sha1(other)), right)).toBe('certificateMissing');
  });

  it('has no field for a digest, and is not empty', () => {
    expect(withAttributes(v1(algorithm(OID.sha256), sha1(person)))).toBe('malformed');
    expect(withAttributes(attribute('1.2.840.113549.1.9.16.2.12', sequence(sequence())))).toBe('malformed');
  });

  it('SHA-1 is for version 1 alone', () => {
    const weak = attribute(
      '1.2.840.113549.1.9.16.2.47',
      sequence(sequence(sequence(algorithm(OID.sha1), sha1(person)))),
    );
    expect(withAttributes(weak)).toBe('certificateMissing');
  });
});
