/**
 * RSA signatures in the manner of Project Wycheproof: one key, one message, and every wrong
 * encoding that some verifier has accepted. Judged by the code for Node, the code for browsers and,
 * where it is installed, by OpenSSL's command.
 */
import { spawnSync } from 'node:child_process';
import { constants, createHash, createPrivateKey, privateEncrypt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OID, type PublicKey, publicKey, verifySignature } from '../src/algorithms.ts';
import * as browser from '../src/browser/platform.ts';
import { bigNumber, bitOctets, parse } from '../src/der.ts';
import { makeRsaKey, type TestKey } from '../src/testing/keys.ts';
import { gost, outcomeOf, PERSON } from './support.ts';

const MESSAGE = Buffer.from('Wycheproof');
const INFO = {
  sha256: '3031300d060960864801650304020105000420',
  sha512: '3051300d060960864801650304020305000440',
};
type Hash = keyof typeof INFO;

const digestOf = (name: Hash, data: Uint8Array = MESSAGE): Buffer => createHash(name).update(data).digest();
const hex = (text: string, ...more: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from(text, 'hex'), ...more]);

/** 00 01 FF … FF 00 and the tail; the padding fills the block. */
function block(size: number, tail: Uint8Array, fill = 0xff, first = [0, 1], end = [0]): Buffer {
  const padding = Buffer.alloc(size - first.length - end.length - tail.length, fill);
  return Buffer.concat([Uint8Array.from(first), padding, Uint8Array.from(end), tail]);
}

/** The blocks that a forger would raise to the private power; only `right` is right. */
function blocks(size: number, name: Hash): Record<string, Buffer> {
  const digest = digestOf(name);
  const other: Hash = name === 'sha256' ? 'sha512' : 'sha256';
  const right = hex(INFO[name], digest);
  const head = INFO[name];
  const short = (tail: Uint8Array, padding = 8): Buffer =>
    Buffer.concat([
      Uint8Array.of(0, 1),
      Buffer.alloc(padding, 0xff),
      Uint8Array.of(0),
      tail,
      Buffer.alloc(size - 3 - padding - tail.length),
    ]);
  const longer = (text: string, at: number, by: number): string => {
    const octets = Buffer.from(text, 'hex');
    octets[at] = (octets[at] ?? 0) + by;
    return octets.toString('hex');
  };
  const changedByte = (at: number): Buffer => {
    const copy = block(size, right);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  return {
    right: block(size, right),
    'block type 0': block(size, right, 0, [0, 0]),
    'block type 2': block(size, right, 0xaa, [0, 2]),
    'first octet 1': block(size, right, 0xff, [1, 1]),
    'padding of other octets': block(size, right, 0xfe),
    'padding of zeros': block(size, right, 0),
    'no padding': Buffer.concat([right, Buffer.alloc(size - right.length)]),
    'short padding, zeros behind': short(right),
    'no octet of padding': short(right, 0),
    'short padding, garbage behind': Buffer.concat([
      short(right).subarray(0, 11 + right.length),
      Buffer.alloc(size - 11 - right.length, 0xd5),
    ]),
    'no zero before the digest': block(size, right, 0xff, [0, 1], []),
    'two zeros before the digest': block(size, right, 0xff, [0, 1], [0, 0]),
    'one in place of the zero': block(size, right, 0xff, [0, 1], [1]),
    'padding one octet short': block(size, Buffer.concat([right, Uint8Array.of(0)])),
    'garbage in the algorithm': block(
      size,
      hex(`${longer(longer(head, 1, 4), 3, 4).slice(0, 34)}deadbeef${head.slice(34)}`, digest),
    ),
    'garbage behind the digest': block(size, hex(longer(head, 1, 4), digest, Buffer.from('deadbeef', 'hex'))),
    'an element behind the digest': block(size, hex(longer(head, 1, 2), digest, Uint8Array.of(5, 0))),
    'no NULL': block(size, hex(longer(longer(head, 1, -2), 3, -2).replace('0500', ''), digest)),
    'NULL with content': block(size, hex(longer(longer(head, 1, 1), 3, 1).replace('0500', '050100'), digest)),
    'parameters of another type': block(size, hex(head.replace('0500', '0400'), digest)),
    'a long length outside': block(size, hex(`3081${head.slice(2)}`, digest)),
    'a long length of the digest': block(
      size,
      hex(`${longer(head, 1, 1).slice(0, -2)}81${head.slice(-2)}`, digest),
    ),
    'an indefinite length': block(size, hex(`3080${head.slice(4)}`, digest, Buffer.alloc(2))),
    'a set in place of a sequence': block(size, hex(`31${head.slice(2)}`, digest)),
    'the name of another digest': block(
      size,
      hex(
        `${head.replace(name === 'sha256' ? '040201' : '040203', name === 'sha256' ? '040203' : '040201')}`,
        digest,
      ),
    ),
    'another digest and its name': block(size, hex(INFO[other], digestOf(other))),
    'SHA-1 and its name': block(
      size,
      hex('3021300906052b0e03021a05000414', createHash('sha1').update(MESSAGE).digest()),
    ),
    'MD5 and its name': block(
      size,
      hex('3020300c06082a864886f70d020505000410', createHash('md5').update(MESSAGE).digest()),
    ),
    'the bare digest': block(size, digest),
    'an octet string of the digest': block(size, hex(head.slice(-4), digest)),
    'a short digest': block(size, hex(longer(longer(head, 1, -1), 18, -1), digest.subarray(1))),
    'a digest with a zero before it': block(
      size,
      hex(longer(longer(head, 1, 1), 18, 1), Uint8Array.of(0), digest),
    ),
    'the digest of something else': block(size, hex(head, digestOf(name, Buffer.from('else')))),
    'the digest backwards': block(size, hex(head, Buffer.from(digest).reverse())),
    'the message itself': block(size, MESSAGE),
    zero: Buffer.alloc(size),
    one: Buffer.concat([Buffer.alloc(size - 1), Uint8Array.of(1)]),
    'the first bit of the padding': changedByte(2),
    'the last bit of the digest': changedByte(size - 1),
  };
}

/** A key with the private operation on whole blocks. */
interface RawKey {
  readonly key: TestKey;
  readonly spki: PublicKey;
  readonly modulus: bigint;
  readonly size: number;
  readonly raise: (of: Uint8Array) => Buffer;
}

function rawKey(bits: number): RawKey {
  const key = makeRsaKey(bits);
  const secret = createPrivateKey({ key: Buffer.from(key.privateKey), format: 'der', type: 'pkcs8' });
  const [modulus] = parse(bitOctets(parse(key.publicKey).children[1] ?? parse(key.publicKey))).children;
  if (modulus === undefined) throw new Error('no modulus');
  return {
    key,
    spki: publicKey(parse(key.publicKey)),
    modulus: bigNumber(modulus),
    size: Math.ceil(bigNumber(modulus).toString(2).length / 8),
    raise: (of) => privateEncrypt({ key: secret, padding: constants.RSA_NO_PADDING }, of),
  };
}

const ids = { sha256: OID.sha256WithRsa, sha512: OID.sha512WithRsa };

function inNode({ spki }: RawKey, name: Hash, signature: Uint8Array): boolean {
  return verifySignature(spki, ids[name], [MESSAGE], signature, false);
}

function inBrowser({ modulus, size }: RawKey, name: Hash, signature: Uint8Array): boolean {
  if (signature.length !== size) return false;
  const key = browser.rsaKey(new Uint8Array(), modulus, 65_537n);
  return key !== null && browser.verifyRsa(key, name, MESSAGE, signature);
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.log('RSA is judged without the command openssl, which is not installed.');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-rsa-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function byOpenssl({ key }: RawKey, name: Hash, signature: Uint8Array): boolean {
  writeFileSync(join(folder, 'key'), key.publicKey);
  writeFileSync(join(folder, 'digest'), digestOf(name));
  writeFileSync(join(folder, 'signature'), signature);
  const given = ['-pubin', '-keyform', 'DER', '-inkey', 'key', '-in', 'digest', '-sigfile', 'signature'];
  const args = ['pkeyutl', '-verify', ...given, '-pkeyopt', `digest:${name}`];
  return spawnSync('openssl', args, { cwd: folder }).status === 0;
}

/** OpenSSL's command takes 10 ms each time, so it judges two of the sizes. */
function judgesOf(bits: number): Record<string, typeof inNode> {
  return { inNode, inBrowser, ...(hasOpenssl && bits < 3000 ? { byOpenssl } : {}) };
}

describe.each([2048, 2049, 3072, 4096])('RSA of %d bits', { timeout: 120_000 }, (bits) => {
  let raw: RawKey;
  beforeAll(() => {
    raw = rawKey(bits);
  });

  it.each(['sha256', 'sha512'] as const)('%s: only the one block of PKCS #1', (name) => {
    const all = Object.entries(blocks(raw.size, name));
    for (const [by, judge] of Object.entries(judgesOf(bits))) {
      const accepted = all.filter(([, one]) => {
        if (BigInt(`0x${one.toString('hex')}`) >= raw.modulus) return false;
        return judge(raw, name, raw.raise(one));
      });
      expect([by, accepted.map(([what]) => what)]).toEqual([by, ['right']]);
    }
  });

  it('only a signature of the right length and below the modulus', () => {
    const signature = raw.raise(block(raw.size, hex(INFO.sha256, digestOf('sha256'))));
    const value = BigInt(`0x${signature.toString('hex')}`);
    const octets = (of: bigint): Buffer => Buffer.from(of.toString(16).padStart(raw.size * 2, '0'), 'hex');
    const given: Record<string, Uint8Array> = {
      right: signature,
      'without its first octet': signature.subarray(1),
      'without its last octet': signature.subarray(0, -1),
      'with a zero before it': Buffer.concat([Uint8Array.of(0), signature]),
      'with a zero behind it': Buffer.concat([signature, Uint8Array.of(0)]),
      twice: Buffer.concat([signature, signature]),
      empty: new Uint8Array(),
      'one octet': Uint8Array.of(1),
      'of zeros': Buffer.alloc(raw.size),
      'of ones': Buffer.alloc(raw.size, 0xff),
      one: octets(1n),
      'the modulus': octets(raw.modulus),
      'the modulus less one': octets(raw.modulus - 1n),
      negated: octets(raw.modulus - value),
      backwards: Buffer.from(signature).reverse(),
      ...(octets(value + raw.modulus).length === raw.size
        ? { 'plus the modulus': octets(value + raw.modulus) }
        : {}),
    };
    for (const [by, judge] of Object.entries(judgesOf(bits))) {
      const accepted = Object.entries(given).filter(([, one]) => judge(raw, 'sha256', one));
      expect([by, accepted.map(([what]) => what)]).toEqual([by, ['right']]);
    }
  });

  it('a signature that begins with zeros is accepted, and only with them', () => {
    // Signatures of random messages: one in 256 begins with a zero (in two for 2049 bits).
    const tried = Array.from({ length: 2000 }, (_, i) => Buffer.from(`message ${i}`));
    const found = tried.slice(0, bits > 3000 ? 400 : 2000).find((message) => raw.key.sign(message)[0] === 0);
    if (found === undefined) return expect(bits).toBeGreaterThan(3000);
    const signature = raw.key.sign(found);
    const judge = (given: Uint8Array): boolean =>
      verifySignature(raw.spki, OID.sha256WithRsa, [found], given, false);
    expect([judge(signature), judge(signature.subarray(1))]).toEqual([true, false]);
  });
});

describe('low exponents', () => {
  it('a cube root needs no key at all, so an exponent of three is refused', () => {
    const weak = makeRsaKey(2048, 3);
    // The cube root of a block with short padding and garbage behind the digest.
    const wanted = Buffer.concat([hex('0001ffffffffffffffff00'), hex(INFO.sha256, digestOf('sha256'))]);
    const high = BigInt(`0x${wanted.toString('hex')}`) << BigInt(8 * (256 - wanted.length));
    let root = 1n << BigInt(Math.ceil(high.toString(2).length / 3) + 1);
    for (let next = root; ; root = next) {
      next = (2n * root + high / (root * root)) / 3n;
      if (next >= root) break;
    }
    const forged = Buffer.from((root + 1n).toString(16).padStart(512, '0'), 'hex');
    const cube = ((root + 1n) ** 3n).toString(16).padStart(512, '0');
    expect(cube.startsWith(wanted.toString('hex'))).toBe(true);
    const spki = publicKey(parse(weak.publicKey));
    expect(spki).toMatchObject({ family: 'unsupported' });
    expect(verifySignature(spki, OID.sha256WithRsa, [MESSAGE], forged, false)).toBe(false);
    // The padding is compared whole, so the forgery would fail even if the exponent were accepted.
    const modulus = bigNumber(
      parse(bitOctets(parse(weak.publicKey).children[1] ?? parse(weak.publicKey))).children[0] ??
        parse(weak.publicKey),
    );
    const key = browser.rsaKey(new Uint8Array(), modulus, 3n);
    expect(key !== null && browser.verifyRsa(key, 'sha256', MESSAGE, forged)).toBe(false);
    expect(key !== null && browser.verifyRsa(key, 'sha256', MESSAGE, weak.sign(MESSAGE))).toBe(true);
    expect(outcomeOf(gost.issue(PERSON, { key: weak }))).toBe('algorithmNotAllowed');
  });
});
