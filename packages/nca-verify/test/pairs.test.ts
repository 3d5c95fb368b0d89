/**
 * The arithmetic of two elements at once, and inverses modulo the order, against BigInt: random
 * numbers, and numbers whose limbs are as large as the code allows.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileAssembly } from '../build.js';
import { GOST_2015_512, inverse } from '../src/gost-reference.ts';
import { gostEngine } from '../src/gost-wasm.ts';
import { seeded } from './mutator.ts';

const { p, n } = GOST_2015_512;
const LIMBS = 18;
/** The largest limb that a function must take, and that it may leave. */
const LOOSE = 2 ** 29 + 2 ** 23;
const random = seeded(512);

interface Pairs {
  readonly memory: { readonly buffer: ArrayBuffer };
  multiplyPair(r: number, a: number, b: number): void;
  squarePair(r: number, a: number): void;
  addPair(r: number, a: number, b: number): void;
  subtractPair(r: number, a: number, b: number): void;
  subtractWide(r: number, a: number, b: number): void;
  triple(r: number, a: number): void;
  quadruple(r: number, a: number): void;
  swap(r: number, a: number): void;
  spreadA(r: number, a: number): void;
  spreadB(r: number, a: number): void;
  select(r: number, a: number, b: number): void;
  join(r: number, a: number, b: number): void;
  take(r: number, pair: number, lane: number): void;
  mayBeZero(pair: number, lane: number): number;
}

let folder: string;
let pairs: Pairs;
let memory: DataView;
/** Places behind the module's own data, in its first 64 KB. */
const [A, B, R, E] = [50_000, 50_320, 50_640, 50_960] as const;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-pairs-'));
  const file = join(folder, 'pairs.wasm');
  // The module alone, since the shipped binary keeps these functions to itself.
  expect(await compileAssembly('pairs.ts', file)).toBe(true);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
  pairs = exports as unknown as Pairs;
  memory = new DataView(pairs.memory.buffer);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Lane = 0 | 4;
const LANES: readonly Lane[] = [0, 4];

function limbsAt(at: number, lane: Lane, stride = 8): readonly number[] {
  return Array.from({ length: LIMBS }, (_, k) => memory.getUint32(at + k * stride + lane, true));
}

function write(at: number, lane: Lane, limbs: readonly number[], stride = 8): void {
  limbs.forEach((limb, k) => {
    memory.setUint32(at + k * stride + lane, limb, true);
  });
}

function value(limbs: readonly number[]): bigint {
  return limbs.reduceRight((sum, limb) => (sum << 29n) + BigInt(limb), 0n);
}

function limbsOf(number: bigint): readonly number[] {
  return Array.from({ length: LIMBS }, (_, k) => Number((number >> BigInt(29 * k)) & 0x1fff_ffffn));
}

const EDGES: readonly (readonly number[])[] = [
  ...[0, 1, LOOSE, 2 ** 29 - 1, 2 ** 29].map((limb) => Array<number>(LIMBS).fill(limb)),
  ...[0n, 1n, 2n, p - 1n, p, p + 1n, 2n * p, 1023n * p, 1024n * p, 2n ** 512n - 1n, 2n ** 522n - 1n].map(
    limbsOf,
  ),
  // One limb alone at its greatest: at the bottom, in the middle of Karatsuba's halves, at the top.
  ...[0, 8, 9, 17].map((at) => Array.from({ length: LIMBS }, (_, k) => (k === at ? LOOSE : 0))),
];

function anyLimbs(): readonly number[] {
  const edge = EDGES[Math.floor(random() * EDGES.length * 3)];
  return edge ?? Array.from({ length: LIMBS }, () => Math.floor(random() * (LOOSE + 1)));
}

function modulo(number: bigint): bigint {
  return ((number % p) + p) % p;
}

describe('pairs of elements', { timeout: 300_000 }, () => {
  it.each<[keyof Pairs & string, (a: bigint, b: bigint) => bigint, number]>([
    ['multiplyPair', (a, b) => a * b, 1],
    ['squarePair', (a) => a * a, 1],
    ['addPair', (a, b) => a + b, 1],
    ['subtractPair', (a, b) => a - b, 1],
    ['subtractWide', (a, b) => a - b, 3],
    ['triple', (a) => 3n * a, 1],
    ['quadruple', (a) => 4n * a, 1],
  ])('%s is right in both lanes, and leaves limbs that the next may take', (name, expected, times) => {
    const wrong: string[] = [];
    const cases = EDGES.length * EDGES.length;
    for (let i = 0; i < cases + 3000; i++) {
      for (const lane of LANES) {
        // First every edge with every other, then any.
        const first = i < cases ? EDGES[i % EDGES.length] : anyLimbs();
        const second = i < cases ? EDGES[Math.floor(i / EDGES.length)] : anyLimbs();
        write(A, lane, (lane === 0 ? first : second) ?? []);
        write(
          B,
          lane,
          ((lane === 0 ? second : first) ?? []).map((limb) => limb * times),
        );
      }
      const inputs = LANES.map((lane) => [value(limbsAt(A, lane)), value(limbsAt(B, lane))] as const);
      // In place as well: the code often writes a result over an operand.
      const to = i % 3 === 0 ? A : i % 3 === 1 ? B : R;
      (pairs[name] as (r: number, a: number, b: number) => void)(to, A, B);
      for (const [index, lane] of LANES.entries()) {
        const [a = 0n, b = 0n] = inputs[index] ?? [];
        const result = limbsAt(to, lane);
        if (modulo(value(result)) !== modulo(expected(a, b))) wrong.push(`case ${i}, lane ${lane}`);
        if (Math.max(...result) > LOOSE) wrong.push(`case ${i}, lane ${lane}: a limb too large`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('move between lanes and elements', () => {
    const [a, b, c, d] = [anyLimbs(), anyLimbs(), anyLimbs(), anyLimbs()];
    const fill = (): void => {
      write(A, 0, a);
      write(A, 4, b);
      write(B, 0, c);
      write(B, 4, d);
    };
    const both = () => LANES.map((lane) => limbsAt(R, lane));
    fill();
    pairs.swap(R, A);
    expect(both()).toEqual([b, a]);
    pairs.spreadA(R, A);
    expect(both()).toEqual([a, a]);
    pairs.spreadB(R, A);
    expect(both()).toEqual([b, b]);
    pairs.select(R, A, B);
    expect(both()).toEqual([a, d]);
    write(E, 0, a, 4);
    write(E + 80, 0, b, 4);
    pairs.join(R, E, E + 80);
    expect(both()).toEqual([a, b]);
    for (const [index, lane] of LANES.entries()) {
      pairs.take(E, R, lane);
      const taken = limbsAt(E, 0, 4);
      expect(modulo(value(taken))).toBe(modulo(value((index === 0 ? a : b) as readonly number[])));
      expect(Math.max(...taken)).toBeLessThan(2 ** 29);
    }
  });

  it('never overlook a multiple of p, in whatever limbs it comes', () => {
    const overlooked: string[] = [];
    for (let m = 0n; m <= 1044n; m++) {
      const exact = m * p;
      if (exact >= 2n ** 522n) continue;
      const limbs = [...limbsOf(exact)];
      // The same value in looser limbs: a unit of a limb is 2^29 of the one below.
      for (let k = 0; k < LIMBS - 1 && m % 2n === 1n; k++) {
        const below = limbs[k] ?? 0;
        const above = limbs[k + 1] ?? 0;
        if (below <= 2 ** 23 && above > 0) {
          limbs[k] = below + 2 ** 29;
          limbs[k + 1] = above - 1;
        }
      }
      for (const lane of LANES) {
        write(A, lane, limbs);
        if (pairs.mayBeZero(A, lane) === 0) overlooked.push(`${m} in lane ${lane}`);
      }
    }
    expect(overlooked).toEqual([]);
    // Numbers close above a multiple look alike and are computed; most others do not.
    for (const other of [569n, 2n ** 40n, p + 2n ** 40n, p - 2n ** 40n]) {
      write(A, 0, limbsOf(other));
      expect(pairs.mayBeZero(A, 0)).toBe(0);
    }
  });
});

describe('inverses modulo the order', () => {
  it('are those of BigInt', () => {
    const engine = gostEngine();
    if (engine === null) throw new Error('no WebAssembly');
    const numbers = [1n, 2n, 3n, n - 1n, n - 2n, (n + 1n) / 2n, 2n ** 511n, 2n ** 30n, 2n ** 60n - 1n];
    for (let bits = 1n; bits < 512n; bits += 3n) numbers.push(2n ** bits, 2n ** bits + 1n, n - 2n ** bits);
    while (numbers.length < 3000) {
      const digits = Array.from({ length: 128 }, () => Math.floor(random() * 16).toString(16)).join('');
      numbers.push((BigInt(`0x${digits}`) % (n - 1n)) + 1n);
    }
    const wrong = numbers.filter((number) => engine.inverse(number) !== inverse(number, n));
    expect(wrong).toEqual([]);
  });
});
