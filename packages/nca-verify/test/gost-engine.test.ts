/**
 * Debian's gost-engine (`libengine-gost-openssl`) as signer, as verifier and as maker of messages.
 * It knows the same curve and digest under Russian identifiers, and writes signatures in the
 * opposite order of octets. Skipped where it is not installed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { bitOctets, body, parse, whole } from '../src/der.ts';
import { encodeOid } from '../src/der-writer.ts';
import { ATTRIBUTE } from '../src/name.ts';
import { streebog } from '../src/streebog.ts';
import {
  type CertificateForm,
  type Identity,
  makeCertificate,
  nameOf,
  personName,
} from '../src/testing/certificates.ts';
import { makeCms, signCms, signerInfo } from '../src/testing/cms.ts';
import { algorithm, bitString, integer, octetString, sequence, utf8 } from '../src/testing/der.ts';
import { makeGostKey, readPrivateKey, type TestKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { CONTENT, judge, later, outcome, PERSON } from './support.ts';

/** The same key, curve, digest and signature by the names that the engine knows. */
const RUSSIAN = {
  key: '1.2.643.7.1.1.1.2',
  parameters: '1.2.643.7.1.2.1.2.1',
  digest: '1.2.643.7.1.1.2.3',
  signature: '1.2.643.7.1.1.3.3',
};

const present = spawnSync('openssl', ['engine', 'gost']).status === 0;
if (!present) console.log('gost-engine is not installed (libengine-gost-openssl): its tests are skipped.');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-gost-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

/** A file in the folder, with its content where it is given. */
function file(name: string, content?: Uint8Array): Uint8Array {
  if (content !== undefined) writeFileSync(join(folder, name), content);
  return readFileSync(join(folder, name));
}

const reversed = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes).reverse();

function pem(label: string, der: Uint8Array): Buffer {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`);
}

const russian = algorithm(RUSSIAN.key, sequence(encodeOid(RUSSIAN.parameters), encodeOid(RUSSIAN.digest)));

/** The octets of a public key, x and then y, which both sides write alike. */
function pointOf(spki: Uint8Array): Uint8Array {
  return body(parse(bitOctets(parse(spki).children[1] ?? parse(spki))));
}

/** A key that the engine made and that signs by the engine. We never see a sum of ours in it. */
function engineKey(name: string): TestKey {
  openssl(
    'genpkey',
    '-engine',
    'gost',
    '-algorithm',
    'gost2012_512',
    '-pkeyopt',
    'paramset:A',
    '-out',
    `${name}.pem`,
  );
  openssl(
    'pkey',
    '-engine',
    'gost',
    '-in',
    `${name}.pem`,
    '-pubout',
    '-outform',
    'DER',
    '-out',
    `${name}.pub`,
  );
  const ours = algorithm(
    OID.gost2015Key,
    sequence(encodeOid(OID.gost2015Parameters), encodeOid(OID.streebog512)),
  );
  return {
    ...makeGostKey('gost2015', 'replaced below'),
    publicKey: sequence(ours, bitString(octetString(pointOf(file(`${name}.pub`))))),
    privateKey: file(`${name}.pem`),
    hash: digestByEngine,
    sign: (data) => {
      file('data', data);
      openssl(
        'dgst',
        '-engine',
        'gost',
        '-md_gost12_512',
        '-sign',
        `${name}.pem`,
        '-out',
        'signature',
        'data',
      );
      return reversed(file('signature'));
    },
  };
}

function digestByEngine(data: Uint8Array): Uint8Array {
  file('data', data);
  openssl('dgst', '-engine', 'gost', '-md_gost12_512', '-binary', '-out', 'digest', 'data');
  return file('digest');
}

const name = (text: string): Uint8Array => nameOf([ATTRIBUTE.commonName, utf8(text)]);
const times = { notBefore: later(-86_400_000), notAfter: later(86_400_000) };
const ca = { keyUsage: ['keyCertSign', 'cRLSign'], ca: {} } satisfies Partial<CertificateForm>;
const INDIVIDUAL = ['1.3.6.1.5.5.7.3.4', '1.2.398.3.3.4.1.1'];

function identity(form: Omit<CertificateForm, 'notBefore' | 'notAfter'>): Identity {
  return { key: form.key, certificate: makeCertificate({ ...times, ...form }) };
}

describe.runIf(present)('gost-engine', { timeout: 120_000 }, () => {
  let root: Identity;
  let person: Identity;

  beforeAll(() => {
    root = identity({ subject: name('ENGINE ROOT'), key: engineKey('root'), issuer: null, ...ca });
    person = identity({
      subject: personName(PERSON),
      key: engineKey('person'),
      issuer: root,
      keyUsage: ['digitalSignature', 'nonRepudiation'],
      extendedKeyUsage: INDIVIDUAL,
    });
  });

  it('has the same digest, for every length of the last block', () => {
    for (const length of [0, 1, 31, 32, 63, 64, 65, 127, 128, 129, 1000, 70_000]) {
      const data = randomBytes(length);
      expect([length, Buffer.from(streebog(512, data)).equals(digestByEngine(data))]).toEqual([length, true]);
    }
  });

  it('signs certificates and messages that are accepted', () => {
    const trust = createTrust([root.certificate]);
    const given = { trust, require: 'individual' as const };
    expect(outcome(judge(signCms(person, CONTENT), given))).toBe('ok');
    expect(
      outcome(
        judge(signCms(person, CONTENT, { detached: true, cades: true }), { ...given, content: CONTENT }),
      ),
    ).toBe('ok');
    const changed = Buffer.from(signCms(person, CONTENT));
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(outcome(judge(changed, given))).toBe('badSignature');
  });

  it('signs thirty times, and each is accepted for its message alone', () => {
    const trust = createTrust([root.certificate]);
    for (let i = 0; i < 30; i++) {
      const message = signCms(person, randomBytes(i * 7), { detached: true });
      expect(outcome(judge(message, { trust, content: randomBytes(i * 7 + 1) }))).toBe('contentMismatch');
    }
    for (let i = 0; i < 30; i++) {
      const content = randomBytes(i * 7);
      expect(outcome(judge(signCms(person, content), { trust, content }))).toBe('ok');
    }
  });

  it('accepts what our test keys sign, and nothing else', () => {
    const ours = makeGostKey('gost2015', 'engine');
    file('ours.pem', pem('PUBLIC KEY', sequence(russian, bitString(octetString(pointOf(ours.publicKey))))));
    const accepted = (data: Uint8Array, signature: Uint8Array): boolean => {
      file('data', data);
      file('signature', reversed(signature));
      const args = [
        'dgst',
        '-engine',
        'gost',
        '-md_gost12_512',
        '-verify',
        'ours.pem',
        '-signature',
        'signature',
        'data',
      ];
      return spawnSync('openssl', args, { cwd: folder }).status === 0;
    };
    for (let i = 0; i < 10; i++) {
      const data = randomBytes(100);
      expect(accepted(data, ours.sign(data))).toBe(true);
      expect(accepted(randomBytes(100), ours.sign(data))).toBe(false);
    }
  });

  it('reads our private key as the same number', () => {
    const ours = makeGostKey('gost2015', 'engine');
    const secret = parse(ours.privateKey).children[2];
    if (secret === undefined) throw new Error('no secret');
    file('secret.pem', pem('PRIVATE KEY', sequence(integer(0), russian, whole(secret))));
    openssl(
      'pkey',
      '-engine',
      'gost',
      '-in',
      'secret.pem',
      '-pubout',
      '-outform',
      'DER',
      '-out',
      'secret.pub',
    );
    expect(Buffer.from(pointOf(file('secret.pub')))).toEqual(Buffer.from(pointOf(ours.publicKey)));
    expect(readPrivateKey(ours.privateKey).publicKey).toEqual(ours.publicKey);
  });

  describe('openssl cms with the engine', () => {
    /** A message that OpenSSL made by a certificate with Russian names for the same key. */
    function russianMessage(...options: readonly string[]): Uint8Array {
      const twin = makeCertificate({
        ...times,
        subject: personName(PERSON),
        key: {
          ...person.key,
          publicKey: sequence(russian, bitString(octetString(pointOf(person.key.publicKey)))),
          signatureId: () => RUSSIAN.signature,
        },
        issuer: root,
        keyUsage: ['digitalSignature', 'nonRepudiation'],
        extendedKeyUsage: INDIVIDUAL,
        serial: body(parse(person.certificate).children[0]?.children[1] ?? parse(person.certificate)),
      });
      file('twin.pem', pem('CERTIFICATE', twin));
      file('content', CONTENT);
      const signer = ['-signer', 'twin.pem', '-inkey', 'person.pem', '-md', 'md_gost12_512'];
      openssl(
        'cms',
        '-sign',
        '-engine',
        'gost',
        '-binary',
        '-in',
        'content',
        '-out',
        'cms',
        '-outform',
        'DER',
        ...signer,
        ...options,
      );
      return file('cms');
    }

    it.each([
      ['attached', ['-nodetach']],
      ['without capabilities', ['-nodetach', '-nosmimecap']],
      ['CAdES', ['-nodetach', '-cades']],
    ])('%s: refused by its Russian names, accepted under the authority’s', (_, options) => {
      const trust = createTrust([root.certificate]);
      const message = russianMessage(...options);
      expect(outcome(judge(message, { trust }))).toBe('algorithmNotAllowed');
      // What OpenSSL signed, with the signature in the other order and the twin's certificate.
      const info = parse(message, 'ber').children[1]?.children[0]?.children.at(-1)?.children[0];
      const attributes = info?.children.find(({ tag }) => tag === 0xa0)?.children.map(whole);
      const signature = info?.children.findLast(({ tag }) => tag === 0x04);
      if (attributes === undefined || signature === undefined) throw new Error('another form');
      const renamed = makeCms({
        content: CONTENT,
        certificates: [person.certificate],
        digestAlgorithms: [algorithm(OID.streebog512)],
        signers: [signerInfo(person, attributes, { signature: reversed(body(signature)) })],
      });
      // CAdES names the certificate by its digest, and the twin is another certificate.
      const expected = options.includes('-cades') ? 'certificateMissing' : 'ok';
      expect(outcome(judge(renamed, { trust, content: CONTENT, require: 'individual' }))).toBe(expected);
    });
  });
});
