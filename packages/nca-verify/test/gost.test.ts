import { readdirSync } from 'node:fs';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gostBinary } from '../src/assets.ts';
import { bitOctets, body, parse } from '../src/der.ts';
import { verifyGost } from '../src/gost.ts';
import { GOST_2004, GOST_2015_512, multiplyGenerator, referenceMatches } from '../src/gost-reference.ts';
import { bestBinary, gostEngine, useBinary } from '../src/gost-wasm.ts';
import { gost94 } from '../src/gost94.ts';
import { fromLittleEndian, littleEndian } from '../src/little-endian.ts';
import { streebog } from '../src/streebog.ts';
import { referenceStreebog } from '../src/streebog-reference.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { verify } from '../src/verify.ts';
import { fixture } from './support.ts';

const constants = JSON.parse(Buffer.from(fixture('constants.json')).toString()) as {
  digest_vectors: Record<string, Record<string, string>>;
  curves: Record<string, Record<'p' | 'a' | 'b' | 'n' | 'gx' | 'gy', string>>;
};
const M1 = Buffer.from('012345678901234567890123456789012345678901234567890123456789012');

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The raw bytes x | y of a key. */
function point(key: { publicKey: Uint8Array }): Uint8Array {
  const bits = parse(key.publicKey).children[1];
  return bits === undefined ? new Uint8Array() : body(parse(bitOctets(bits)));
}

describe('digests', () => {
  const { streebog512, streebog256, gost34311_95_kz: old } = constants.digest_vectors;

  it('Streebog gives the vectors of RFC 6986', () => {
    expect(hexOf(streebog(512, M1))).toBe(Object.values(streebog512 ?? {})[0]);
    expect(hexOf(streebog(256, M1))).toBe(streebog256?.['M1']);
  });

  it('GOST 34.311-95 uses the test S-box', () => {
    expect(hexOf(gost94(Buffer.from('')))).toBe(old?.['']);
    expect(hexOf(gost94(Buffer.from('abc')))).toBe(old?.['abc']);
  });

  it('WebAssembly and plain TypeScript agree at every length around the blocks, in one part or many', () => {
    const differing: number[] = [];
    for (let length = 0; length <= 400; length++) {
      // Octets of ones cause carries in the sums.
      const message = Buffer.alloc(length, length % 3 === 0 ? 255 : length);
      const expected = hexOf(referenceStreebog(512, message));
      const split = length % 65;
      const parts = hexOf(streebog(512, message.subarray(0, split), message.subarray(split)));
      if (hexOf(streebog(512, message)) !== expected || parts !== expected) differing.push(length);
      if (hexOf(streebog(256, message)) !== hexOf(referenceStreebog(256, message))) differing.push(length);
    }
    expect(differing).toEqual([]);
  });

  it('accepts more than the input buffer holds', () => {
    const message = Buffer.alloc(200_001, 0xa5);
    expect(hexOf(streebog(512, message))).toBe(hexOf(referenceStreebog(512, message)));
  });
});

describe('curves', () => {
  it('are those of the standards', () => {
    for (const [id, curve] of [
      ['1.2.398.3.10.1.1.2.2.1', GOST_2015_512],
      ['1.2.398.3.10.1.1.1.1.1', GOST_2004],
    ] as const) {
      const given = constants.curves[id];
      for (const name of ['p', 'a', 'b', 'n', 'gx', 'gy'] as const)
        expect(curve[name]).toBe(BigInt(`0x${given?.[name]}`));
    }
  });

  it('the WebAssembly was built', () => {
    expect(gostEngine()).not.toBeNull();
  });
});

/** Every arithmetic: two products at once, one at a time in both binaries, and plain BigInt. */
const ARITHMETICS = [
  ['two products at once', () => useBinary(bestBinary())],
  ['one product at a time', () => useBinary(bestBinary(), true)],
  ['the binary for engines without SIMD', () => useBinary(gostBinary('gost.wasm'))],
  ['plain BigInt', () => useBinary(null)],
] as const;

describe.each(ARITHMETICS)('verification by %s', { timeout: 300_000 }, (name, use) => {
  beforeAll(use);
  afterAll(() => useBinary(bestBinary()));
  const { p, a, b, n, gx, gy } = GOST_2015_512;
  const NoblePoint = weierstrass({ p, a, b, n, h: 1n, Gx: gx, Gy: gy });

  /** The standard's equation, computed with @noble/curves. */
  function secondOpinion(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
    const [r, s] = [fromLittleEndian(signature.subarray(0, 64)), fromLittleEndian(signature.subarray(64))];
    if (r === 0n || r >= n || s === 0n || s >= n) return false;
    const e = fromLittleEndian(digest) % n || 1n;
    let v = 1n;
    for (let [base, exponent] = [e, n - 2n]; exponent > 0n; exponent >>= 1n, base = (base * base) % n) {
      if (exponent & 1n) v = (v * base) % n;
    }
    const q = NoblePoint.fromAffine({
      x: fromLittleEndian(key.subarray(0, 64)),
      y: fromLittleEndian(key.subarray(64)),
    });
    const sum = NoblePoint.BASE.multiply((s * v) % n).add(q.multiply(((n - r) * v) % n));
    return sum.toAffine().x % n === r;
  }

  it('agrees with @noble/curves, with and without a table, on right and altered signatures', () => {
    const seen: string[] = [];
    for (let i = 0; i < 12; i++) {
      const key = makeGostKey('gost2015', `key ${i}`);
      const message = Buffer.from(`message ${i}`);
      const digest = streebog(512, message);
      const right = key.sign(message);
      for (const flip of [-1, i, 64 + i, 127]) {
        const signature = Uint8Array.from(right);
        if (flip >= 0) signature[flip] = (signature[flip] ?? 0) ^ 1;
        const answers = [
          verifyGost(GOST_2015_512, point(key), digest, signature),
          verifyGost(GOST_2015_512, point(key), digest, signature, true),
          secondOpinion(point(key), digest, signature),
        ];
        if (new Set(answers).size !== 1 || answers[0] !== flip < 0) seen.push(`${i} ${flip} ${answers}`);
      }
    }
    expect(seen).toEqual([]);
  });

  /**
   * Scalars and points where additions meet their special cases: Q = G, -G, 2G, and multiples that
   * cancel.
   */
  it.skipIf(name === 'plain BigInt')('agrees with it where points coincide, cancel or vanish', () => {
    const engine = gostEngine();
    expect(engine).not.toBeNull();
    const scalars = [0n, 1n, 2n, 3n, 63n, 64n, 65n, 127n, 128n, 2n ** 256n, n - 2n, n - 1n];
    const wrong: string[] = [];
    for (const d of [1n, 2n, 64n, n - 1n, n - 2n]) {
      const q = multiplyGenerator(GOST_2015_512, d);
      if (q === null) throw new Error('infinity');
      const key = Buffer.concat([littleEndian(q.x), littleEndian(q.y)]);
      for (const z1 of scalars) {
        for (const z2 of scalars) {
          const whole = (z1 + z2 * d) % n;
          const expected = whole === 0n ? null : multiplyGenerator(GOST_2015_512, whole);
          const r = (expected?.x ?? 5n) % n;
          for (const claimed of [r, (r + 1n) % n]) {
            const right = expected !== null && claimed === r;
            for (const reused of [true, false]) {
              const bytes = littleEndian(claimed);
              const second = claimed + n < p ? littleEndian(claimed + n) : bytes;
              if (engine?.matches(key, littleEndian(z1), littleEndian(z2), bytes, second, reused) !== right) {
                wrong.push(`${d} ${z1} ${z2} ${claimed === r} ${reused}`);
              }
            }
          }
          if (referenceMatches(GOST_2015_512, q.x, q.y, z1, z2, r) !== (expected !== null))
            wrong.push(`reference ${d}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('refuses numbers out of range, keys off the curve and other lengths', () => {
    const key = makeGostKey('gost2015', 'range');
    const message = Buffer.from('range');
    const digest = streebog(512, message);
    const signature = key.sign(message);
    const check = (k: Uint8Array, s: Uint8Array): boolean[] =>
      [false, true].map((reused) => verifyGost(GOST_2015_512, k, digest, s, reused));
    const [r, s] = [signature.subarray(0, 64), signature.subarray(64)];
    const zero = new Uint8Array(64);
    const [x, y] = [point(key).subarray(0, 64), point(key).subarray(64)];
    const beyond = littleEndian(fromLittleEndian(x) === 0n ? p : p + 1n);
    const wrong: [Uint8Array, Uint8Array][] = [
      [point(key), Buffer.concat([zero, s])],
      [point(key), Buffer.concat([r, zero])],
      [point(key), Buffer.concat([littleEndian(n), s])],
      [point(key), Buffer.concat([r, littleEndian(n)])],
      [point(key), signature.subarray(0, 127)],
      [point(key).subarray(0, 127), signature],
      [Buffer.concat([x, littleEndian(fromLittleEndian(y) ^ 1n)]), signature],
      [Buffer.concat([beyond, y]), signature],
      [Buffer.concat([zero, zero]), signature],
    ];
    expect(check(point(key), signature)).toEqual([true, true]);
    for (const [k, given] of wrong) expect(check(k, given)).toEqual([false, false]);
  });

  it('keeps a limited number of tables, and is still right after one was replaced', () => {
    const keys = Array.from({ length: 18 }, (_, i) => makeGostKey('gost2015', `table ${i}`));
    const message = Buffer.from('tables');
    const digest = streebog(512, message);
    const answers = [...keys, ...keys].map((key) =>
      verifyGost(GOST_2015_512, point(key), digest, key.sign(message), true),
    );
    expect(answers.every(Boolean)).toBe(true);
    const [first, second] = keys;
    if (first === undefined || second === undefined) throw new Error('no keys');
    expect(verifyGost(GOST_2015_512, point(first), digest, second.sign(message), true)).toBe(false);
  });

  it('gives the recorded verdicts of messages that others made', () => {
    const trust = createTrust([
      ...readdirSync(new URL('./fixtures/ca-test/', import.meta.url)).map((file) =>
        fixture(`ca-test/${file}`),
      ),
      ...['root.cer', 'nca.cer'].map((file) => fixture(`made/gost2015/${file}`)),
    ]);
    const judge = (path: string, at: string, content?: string): string => {
      const expected = content === undefined ? undefined : fixture(content);
      const verdict = verify({
        message: fixture(path),
        at: new Date(at),
        trust,
        revocation: 'skip',
        content: expected,
      });
      return verdict.ok ? 'ok' : verdict.reason;
    };
    const SKARM = '2026-08-01T00:00:00Z';
    const MADE = '2026-11-22T12:00:00Z';
    expect(judge('cms/skarm_individual_attached.der', SKARM)).toBe('ok');
    expect(judge('cms/skarm_individual_detached.der', SKARM, 'cms/skarm_individual_document.txt')).toBe('ok');
    expect(judge('cms/skarm_legal_entity_attached.der', SKARM)).toBe('ok');
    expect(judge('made/gost2015/gost2015_individual_attached.der', MADE)).toBe('ok');
    expect(judge('made/gost2015/gost2015_tampered_content.der', MADE)).toBe('contentMismatch');
  });

  it('verifies GOST 34.310-2004', () => {
    const key = makeGostKey('gost2004', 'archive');
    const message = Buffer.from('archive');
    expect(verifyGost(GOST_2004, point(key), gost94(message), key.sign(message))).toBe(true);
    expect(verifyGost(GOST_2004, point(key), gost94(Buffer.from('other')), key.sign(message))).toBe(false);
  });
});
