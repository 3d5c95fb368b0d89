/**
 * Two independent elements of the field side by side, for engines with SIMD: what `field.ts` does,
 * for two elements at once.
 *
 * A pair is 18 limbs of 29 bits like an element, but each limb stands twice: 32 bits of the first
 * element (lane A), then 32 bits of the second (lane B). One v128 holds limbs 2k and 2k + 1 of
 * both. `extmul` multiplies two pairs of limbs at once.
 *
 * Limbs are loose: every function takes and leaves limbs up to 2^29 + 2^23. Half sums are then
 * below 2^30 + 2^24, a column of their product is below 9 * (2^30 + 2^24)^2 < 2^63.3, and a column
 * of the whole product is below 18 * (2^29 + 2^23)^2 < 2^62.3. So nothing overflows 64 bits.
 */
import { add, LIMBS, SIZE, setSmall } from './field';
import { high, low, plus, product9, square9 } from './pairs-columns';

/** Bytes of a pair. */
export const PAIR: usize = 2 * SIZE;
const HALF: usize = 9 * 8;
const MASK: u64 = 0x1fffffff;
/** 2^522 modulo p. */
const FOLD: u64 = 569 << 10;

/** 17 columns of the lower product, one unused, and 17 of the upper. */
const columns = memory.data(35 * 16, 16);
const middle = memory.data(17 * 16, 16);
const sumA = memory.data(9 * 8, 16);
const sumB = memory.data(9 * 8, 16);
const zero = memory.data(<i32>SIZE, 16);

/** A column of the middle product of Karatsuba's three: what is in neither half. */
@inline
function between(k: usize): v128 {
  return i64x2.sub(i64x2.sub(v128.load(middle + (k << 4)), v128.load(columns + (k << 4))),
    v128.load(columns + ((k + 18) << 4)));
}
@inline
function at(k: usize): v128 { return v128.load(columns + (k << 4)); }
@inline
function limbOf(v: v128): v128 { return v128.and(v, i64x2.splat(MASK)); }
@inline
function carryOf(v: v128): v128 { return i64x2.shr_u(v, 29); }
/** The lower 32 bits of both lanes of two columns: two limbs of a pair. */
@inline
function packed(a: v128, b: v128): v128 { return v128.shuffle<u32>(a, b, 0, 2, 4, 6); }

/** The columns and the middle -> r, modulo p. */
function reduce(r: usize): void {
  // The upper half in limbs of 29 bits, packed as in a pair: limb k is worth FOLD in column k.
  let v = plus(at(18), between(9));
  const l0 = limbOf(v);
  v = plus(plus(at(19), between(10)), carryOf(v));
  const l1 = limbOf(v);
  const h0 = packed(l0, l1);
  v = plus(plus(at(20), between(11)), carryOf(v));
  const l2 = limbOf(v);
  v = plus(plus(at(21), between(12)), carryOf(v));
  const l3 = limbOf(v);
  const h2 = packed(l2, l3);
  v = plus(plus(at(22), between(13)), carryOf(v));
  const l4 = limbOf(v);
  v = plus(plus(at(23), between(14)), carryOf(v));
  const l5 = limbOf(v);
  const h4 = packed(l4, l5);
  v = plus(plus(at(24), between(15)), carryOf(v));
  const l6 = limbOf(v);
  v = plus(plus(at(25), between(16)), carryOf(v));
  const l7 = limbOf(v);
  const h6 = packed(l6, l7);
  v = plus(at(26), carryOf(v));
  const l8 = limbOf(v);
  v = plus(at(27), carryOf(v));
  const l9 = limbOf(v);
  const h8 = packed(l8, l9);
  v = plus(at(28), carryOf(v));
  const l10 = limbOf(v);
  v = plus(at(29), carryOf(v));
  const l11 = limbOf(v);
  const h10 = packed(l10, l11);
  v = plus(at(30), carryOf(v));
  const l12 = limbOf(v);
  v = plus(at(31), carryOf(v));
  const l13 = limbOf(v);
  const h12 = packed(l12, l13);
  v = plus(at(32), carryOf(v));
  const l14 = limbOf(v);
  v = plus(at(33), carryOf(v));
  const l15 = limbOf(v);
  const h14 = packed(l14, l15);
  v = plus(at(34), carryOf(v));
  const l16 = limbOf(v);
  v = carryOf(v);
  const h16 = packed(l16, limbOf(v));
  // At most 1: the top column is below 2^58.1.
  const top = v128.and(i64x2.neg(carryOf(v)), i64x2.splat(FOLD * FOLD));
  const fold = i32x4.splat(<i32>FOLD);
  v = plus(plus(at(0), low(h0, fold)), top);
  const r0 = limbOf(v);
  v = plus(plus(at(1), high(h0, fold)), carryOf(v));
  const r1 = limbOf(v);
  v = plus(plus(at(2), low(h2, fold)), carryOf(v));
  const r2 = limbOf(v);
  v = plus(plus(at(3), high(h2, fold)), carryOf(v));
  const r3 = limbOf(v);
  v128.store(r, packed(r2, r3), 16);
  v = plus(plus(at(4), low(h4, fold)), carryOf(v));
  const r4 = limbOf(v);
  v = plus(plus(at(5), high(h4, fold)), carryOf(v));
  const r5 = limbOf(v);
  v128.store(r, packed(r4, r5), 32);
  v = plus(plus(at(6), low(h6, fold)), carryOf(v));
  const r6 = limbOf(v);
  v = plus(plus(at(7), high(h6, fold)), carryOf(v));
  const r7 = limbOf(v);
  v128.store(r, packed(r6, r7), 48);
  v = plus(plus(at(8), low(h8, fold)), carryOf(v));
  const r8 = limbOf(v);
  v = plus(plus(plus(at(9), between(0)), high(h8, fold)), carryOf(v));
  const r9 = limbOf(v);
  v128.store(r, packed(r8, r9), 64);
  v = plus(plus(plus(at(10), between(1)), low(h10, fold)), carryOf(v));
  const r10 = limbOf(v);
  v = plus(plus(plus(at(11), between(2)), high(h10, fold)), carryOf(v));
  const r11 = limbOf(v);
  v128.store(r, packed(r10, r11), 80);
  v = plus(plus(plus(at(12), between(3)), low(h12, fold)), carryOf(v));
  const r12 = limbOf(v);
  v = plus(plus(plus(at(13), between(4)), high(h12, fold)), carryOf(v));
  const r13 = limbOf(v);
  v128.store(r, packed(r12, r13), 96);
  v = plus(plus(plus(at(14), between(5)), low(h14, fold)), carryOf(v));
  const r14 = limbOf(v);
  v = plus(plus(plus(at(15), between(6)), high(h14, fold)), carryOf(v));
  const r15 = limbOf(v);
  v128.store(r, packed(r14, r15), 112);
  v = plus(plus(plus(at(16), between(7)), low(h16, fold)), carryOf(v));
  const r16 = limbOf(v);
  v = plus(plus(between(8), high(h16, fold)), carryOf(v));
  const r17 = limbOf(v);
  v128.store(r, packed(r16, r17), 128);
  // What is above limb 17 comes back at the bottom: below 2^34 times FOLD. Limb 2 may become 2^29.
  v = plus(r0, foldCarry(carryOf(v)));
  const s0 = limbOf(v);
  v = plus(r1, carryOf(v));
  v128.store(r, packed(s0, limbOf(v)), 0);
  v128.store64_lane(r, i32x4.add(v128.load64_zero(r, 16), packed(carryOf(v), carryOf(v))), 0, 16);
}

/** c * FOLD for a c of up to 34 bits: FOLD = (512 + 64 - 8 + 1) * 1024. */
@inline
function foldCarry(c: v128): v128 {
  return i64x2.shl(i64x2.sub(plus(plus(i64x2.shl(c, 9), i64x2.shl(c, 6)), c), i64x2.shl(c, 3)), 10);
}

@inline
function addHalves(r: usize, a: usize): void {
  for (let k: usize = 0; k < 64; k += 16) v128.store(r + k, i32x4.add(v128.load(a + k), v128.load(a + k, HALF)));
  // The lanes do not reach each other: a sum of two limbs is below 2^32.
  store<u64>(r, load<u64>(a, 64) + load<u64>(a, 64 + HALF), 64);
}

/** r = a * b in both lanes */
export function multiplyPair(r: usize, a: usize, b: usize): void {
  product9(columns, a, b);
  product9(columns + 18 * 16, a + HALF, b + HALF);
  addHalves(sumA, a);
  addHalves(sumB, b);
  product9(middle, sumA, sumB);
  reduce(r);
}

/** r = a * a in both lanes */
export function squarePair(r: usize, a: usize): void {
  square9(columns, a);
  square9(columns + 18 * 16, a + HALF);
  addHalves(sumA, a);
  square9(middle, sumA);
  reduce(r);
}

/**
 * Multiples of p whose limbs exceed those of a loose pair (2048 p) and of three of them (4096 p).
 */
@inline
function above(k: i32, times: i32): v128 {
  const limb = times * 0x1fffffff;
  const others = i32x4.splat(limb);
  if (k != 0) return others;
  const lowest = limb + times - times * <i32>FOLD;
  return i32x4.replace_lane(i32x4.replace_lane(others, 0, lowest), 1, lowest);
}

/** Brings nine vectors with limbs of up to 32 bits back to loose limbs, and stores them. */
@inline
function settle(
  r: usize, v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128, v6: v128, v7: v128, v8: v128,
): void {
  const mask = i32x4.splat(<i32>MASK);
  const c0 = i32x4.shr_u(v0, 29), c1 = i32x4.shr_u(v1, 29), c2 = i32x4.shr_u(v2, 29);
  const c3 = i32x4.shr_u(v3, 29), c4 = i32x4.shr_u(v4, 29), c5 = i32x4.shr_u(v5, 29);
  const c6 = i32x4.shr_u(v6, 29), c7 = i32x4.shr_u(v7, 29), c8 = i32x4.shr_u(v8, 29);
  // A carry is at most 7, so what folds into limb 0 is below 2^22.
  const folded = i32x4.mul(c8, i32x4.splat(<i32>FOLD));
  v128.store(r, i32x4.add(v128.and(v0, mask), v128.shuffle<u64>(folded, c0, 1, 2)), 0);
  v128.store(r, i32x4.add(v128.and(v1, mask), v128.shuffle<u64>(c0, c1, 1, 2)), 16);
  v128.store(r, i32x4.add(v128.and(v2, mask), v128.shuffle<u64>(c1, c2, 1, 2)), 32);
  v128.store(r, i32x4.add(v128.and(v3, mask), v128.shuffle<u64>(c2, c3, 1, 2)), 48);
  v128.store(r, i32x4.add(v128.and(v4, mask), v128.shuffle<u64>(c3, c4, 1, 2)), 64);
  v128.store(r, i32x4.add(v128.and(v5, mask), v128.shuffle<u64>(c4, c5, 1, 2)), 80);
  v128.store(r, i32x4.add(v128.and(v6, mask), v128.shuffle<u64>(c5, c6, 1, 2)), 96);
  v128.store(r, i32x4.add(v128.and(v7, mask), v128.shuffle<u64>(c6, c7, 1, 2)), 112);
  v128.store(r, i32x4.add(v128.and(v8, mask), v128.shuffle<u64>(c7, c8, 1, 2)), 128);
}

/** r = a + b */
export function addPair(r: usize, a: usize, b: usize): void {
  settle(
    r,
    i32x4.add(v128.load(a, 0), v128.load(b, 0)),
    i32x4.add(v128.load(a, 16), v128.load(b, 16)),
    i32x4.add(v128.load(a, 32), v128.load(b, 32)),
    i32x4.add(v128.load(a, 48), v128.load(b, 48)),
    i32x4.add(v128.load(a, 64), v128.load(b, 64)),
    i32x4.add(v128.load(a, 80), v128.load(b, 80)),
    i32x4.add(v128.load(a, 96), v128.load(b, 96)),
    i32x4.add(v128.load(a, 112), v128.load(b, 112)),
    i32x4.add(v128.load(a, 128), v128.load(b, 128)),
  );
}

/** r = a - b */
export function subtractPair(r: usize, a: usize, b: usize): void {
  settle(
    r,
    i32x4.sub(i32x4.add(v128.load(a, 0), above(0, 2)), v128.load(b, 0)),
    i32x4.sub(i32x4.add(v128.load(a, 16), above(1, 2)), v128.load(b, 16)),
    i32x4.sub(i32x4.add(v128.load(a, 32), above(2, 2)), v128.load(b, 32)),
    i32x4.sub(i32x4.add(v128.load(a, 48), above(3, 2)), v128.load(b, 48)),
    i32x4.sub(i32x4.add(v128.load(a, 64), above(4, 2)), v128.load(b, 64)),
    i32x4.sub(i32x4.add(v128.load(a, 80), above(5, 2)), v128.load(b, 80)),
    i32x4.sub(i32x4.add(v128.load(a, 96), above(6, 2)), v128.load(b, 96)),
    i32x4.sub(i32x4.add(v128.load(a, 112), above(7, 2)), v128.load(b, 112)),
    i32x4.sub(i32x4.add(v128.load(a, 128), above(8, 2)), v128.load(b, 128)),
  );
}

/** r = a - b, where the limbs of b may be the sums of three loose ones */
export function subtractWide(r: usize, a: usize, b: usize): void {
  settle(
    r,
    i32x4.sub(i32x4.add(v128.load(a, 0), above(0, 4)), v128.load(b, 0)),
    i32x4.sub(i32x4.add(v128.load(a, 16), above(1, 4)), v128.load(b, 16)),
    i32x4.sub(i32x4.add(v128.load(a, 32), above(2, 4)), v128.load(b, 32)),
    i32x4.sub(i32x4.add(v128.load(a, 48), above(3, 4)), v128.load(b, 48)),
    i32x4.sub(i32x4.add(v128.load(a, 64), above(4, 4)), v128.load(b, 64)),
    i32x4.sub(i32x4.add(v128.load(a, 80), above(5, 4)), v128.load(b, 80)),
    i32x4.sub(i32x4.add(v128.load(a, 96), above(6, 4)), v128.load(b, 96)),
    i32x4.sub(i32x4.add(v128.load(a, 112), above(7, 4)), v128.load(b, 112)),
    i32x4.sub(i32x4.add(v128.load(a, 128), above(8, 4)), v128.load(b, 128)),
  );
}

/** r = 3 a */
export function triple(r: usize, a: usize): void {
  settle(
    r,
    i32x4.add(i32x4.shl(v128.load(a, 0), 1), v128.load(a, 0)),
    i32x4.add(i32x4.shl(v128.load(a, 16), 1), v128.load(a, 16)),
    i32x4.add(i32x4.shl(v128.load(a, 32), 1), v128.load(a, 32)),
    i32x4.add(i32x4.shl(v128.load(a, 48), 1), v128.load(a, 48)),
    i32x4.add(i32x4.shl(v128.load(a, 64), 1), v128.load(a, 64)),
    i32x4.add(i32x4.shl(v128.load(a, 80), 1), v128.load(a, 80)),
    i32x4.add(i32x4.shl(v128.load(a, 96), 1), v128.load(a, 96)),
    i32x4.add(i32x4.shl(v128.load(a, 112), 1), v128.load(a, 112)),
    i32x4.add(i32x4.shl(v128.load(a, 128), 1), v128.load(a, 128)),
  );
}

/** r = 4 a */
export function quadruple(r: usize, a: usize): void {
  settle(
    r,
    i32x4.shl(v128.load(a, 0), 2),
    i32x4.shl(v128.load(a, 16), 2),
    i32x4.shl(v128.load(a, 32), 2),
    i32x4.shl(v128.load(a, 48), 2),
    i32x4.shl(v128.load(a, 64), 2),
    i32x4.shl(v128.load(a, 80), 2),
    i32x4.shl(v128.load(a, 96), 2),
    i32x4.shl(v128.load(a, 112), 2),
    i32x4.shl(v128.load(a, 128), 2),
  );
}

@inline
function swapped(v: v128): v128 { return v128.shuffle<u32>(v, v, 1, 0, 3, 2); }
@inline
function choose(a: v128, b: v128): v128 { return v128.shuffle<u32>(a, b, 0, 5, 2, 7); }

/** r = (b, a) for a pair (a, b) */
export function swap(r: usize, p: usize): void {
  v128.store(r, swapped(v128.load(p, 0)), 0);
  v128.store(r, swapped(v128.load(p, 16)), 16);
  v128.store(r, swapped(v128.load(p, 32)), 32);
  v128.store(r, swapped(v128.load(p, 48)), 48);
  v128.store(r, swapped(v128.load(p, 64)), 64);
  v128.store(r, swapped(v128.load(p, 80)), 80);
  v128.store(r, swapped(v128.load(p, 96)), 96);
  v128.store(r, swapped(v128.load(p, 112)), 112);
  v128.store(r, swapped(v128.load(p, 128)), 128);
}

/** r = (a, a) for a pair (a, b) */
export function spreadA(r: usize, p: usize): void {
  v128.store(r, v128.shuffle<u32>(v128.load(p, 0), v128.load(p, 0), 0, 0, 2, 2), 0);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 16), v128.load(p, 16), 0, 0, 2, 2), 16);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 32), v128.load(p, 32), 0, 0, 2, 2), 32);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 48), v128.load(p, 48), 0, 0, 2, 2), 48);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 64), v128.load(p, 64), 0, 0, 2, 2), 64);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 80), v128.load(p, 80), 0, 0, 2, 2), 80);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 96), v128.load(p, 96), 0, 0, 2, 2), 96);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 112), v128.load(p, 112), 0, 0, 2, 2), 112);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 128), v128.load(p, 128), 0, 0, 2, 2), 128);
}

/** r = (b, b) for a pair (a, b) */
export function spreadB(r: usize, p: usize): void {
  v128.store(r, v128.shuffle<u32>(v128.load(p, 0), v128.load(p, 0), 1, 1, 3, 3), 0);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 16), v128.load(p, 16), 1, 1, 3, 3), 16);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 32), v128.load(p, 32), 1, 1, 3, 3), 32);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 48), v128.load(p, 48), 1, 1, 3, 3), 48);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 64), v128.load(p, 64), 1, 1, 3, 3), 64);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 80), v128.load(p, 80), 1, 1, 3, 3), 80);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 96), v128.load(p, 96), 1, 1, 3, 3), 96);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 112), v128.load(p, 112), 1, 1, 3, 3), 112);
  v128.store(r, v128.shuffle<u32>(v128.load(p, 128), v128.load(p, 128), 1, 1, 3, 3), 128);
}

/** r = lane A of one pair and lane B of another */
export function select(r: usize, a: usize, b: usize): void {
  v128.store(r, choose(v128.load(a, 0), v128.load(b, 0)), 0);
  v128.store(r, choose(v128.load(a, 16), v128.load(b, 16)), 16);
  v128.store(r, choose(v128.load(a, 32), v128.load(b, 32)), 32);
  v128.store(r, choose(v128.load(a, 48), v128.load(b, 48)), 48);
  v128.store(r, choose(v128.load(a, 64), v128.load(b, 64)), 64);
  v128.store(r, choose(v128.load(a, 80), v128.load(b, 80)), 80);
  v128.store(r, choose(v128.load(a, 96), v128.load(b, 96)), 96);
  v128.store(r, choose(v128.load(a, 112), v128.load(b, 112)), 112);
  v128.store(r, choose(v128.load(a, 128), v128.load(b, 128)), 128);
}

/** r = a + b without carries: for what `subtractWide` subtracts. */
export function addWide(r: usize, a: usize, b: usize): void {
  v128.store(r, i32x4.add(v128.load(a, 0), v128.load(b, 0)), 0);
  v128.store(r, i32x4.add(v128.load(a, 16), v128.load(b, 16)), 16);
  v128.store(r, i32x4.add(v128.load(a, 32), v128.load(b, 32)), 32);
  v128.store(r, i32x4.add(v128.load(a, 48), v128.load(b, 48)), 48);
  v128.store(r, i32x4.add(v128.load(a, 64), v128.load(b, 64)), 64);
  v128.store(r, i32x4.add(v128.load(a, 80), v128.load(b, 80)), 80);
  v128.store(r, i32x4.add(v128.load(a, 96), v128.load(b, 96)), 96);
  v128.store(r, i32x4.add(v128.load(a, 112), v128.load(b, 112)), 112);
  v128.store(r, i32x4.add(v128.load(a, 128), v128.load(b, 128)), 128);
}

/** r = the pair of two elements */
export function join(r: usize, a: usize, b: usize): void {
  v128.store(r, v128.shuffle<u32>(v128.load(a, 0), v128.load(b, 0), 0, 4, 1, 5), 0);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 0), v128.load(b, 0), 2, 6, 3, 7), 16);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 16), v128.load(b, 16), 0, 4, 1, 5), 32);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 16), v128.load(b, 16), 2, 6, 3, 7), 48);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 32), v128.load(b, 32), 0, 4, 1, 5), 64);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 32), v128.load(b, 32), 2, 6, 3, 7), 80);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 48), v128.load(b, 48), 0, 4, 1, 5), 96);
  v128.store(r, v128.shuffle<u32>(v128.load(a, 48), v128.load(b, 48), 2, 6, 3, 7), 112);
  const v = v128.load64_zero(a, 64);
  v128.store(r, v128.shuffle<u32>(v, v128.load64_zero(b, 64), 0, 4, 1, 5), 128);
}

/**
 * False when an element of a pair is certainly no multiple of p. A multiple below 2^523 is
 * m * 2^512 - 569 m with m < 2^11, so its lowest 58 bits are zero or just below 2^58. Of other
 * values, one in 2^36 looks alike.
 */
export function mayBeZero(p: usize, lane: usize): bool {
  const bottom = (<u64>load<u32>(p + lane) + (<u64>load<u32>(p + lane, 8) << 29)) & 0x3ffffffffffffff;
  return bottom == 0 || bottom > 0x3ffffffffffffff - 0x400000;
}

/** r = one element of a pair, with limbs below 2^29 as in `field.ts`; `lane` is 0 or 4 */
export function take(r: usize, p: usize, lane: usize): void {
  for (let k: usize = 0; k < LIMBS; k++) store<u32>(r + (k << 2), load<u32>(p + (k << 3) + lane));
  setSmall(zero, 0);
  add(r, r, zero);
}
