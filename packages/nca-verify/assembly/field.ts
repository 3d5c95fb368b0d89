/**
 * Arithmetic modulo p = 2^512 - 569, the field of GOST 2015-512 (RFC 7836, paramSetA).
 *
 * An element is 18 limbs of 29 bits, each in 32 bits of memory, lowest first: 522 bits, so a value
 * may stand for itself plus a few hundred times p until `canonical` settles it. A product of two
 * limbs has 58 bits and a column sums at most 18 of them, which fits 64 bits: no carry is needed
 * while multiplying. Every function here leaves limbs below 2^29.
 *
 * Nothing is constant-time: only public values are verified here.
 */

export const LIMBS: usize = 18;
/** Bytes of one element. */
export const SIZE: usize = LIMBS * 4;

const HALF: usize = 9 * 4;
const MASK: u64 = 0x1fffffff;
/** 2^522 modulo p: what a unit above the top limb is worth. */
const FOLD: u64 = 569 << 10;

/** 35 columns of 64 bits and one of zero between the two halves. */
const columns = memory.data(36 * 8, 16);
const middle = memory.data(17 * 8, 16);
const sumA = memory.data(<i32>HALF, 16);
const sumB = memory.data(<i32>HALF, 16);
const scratch = memory.data(<i32>SIZE, 16);

@inline
function limb(at: usize, index: usize): u64 {
  return load<u32>(at + (index << 2));
}

export function copy(r: usize, a: usize): void {
  memory.copy(r, a, SIZE);
}

export function setSmall(r: usize, value: u32): void {
  memory.fill(r, 0, SIZE);
  store<u32>(r, value);
}

/** Reads 64 little-endian bytes; any value below 2^512 is taken. */
export function fromBytes(r: usize, bytes: usize): void {
  for (let i: usize = 0; i < LIMBS; i++) {
    const bit = i * 29;
    const byte = bit >> 3;
    // The last limb has 19 bits in three bytes; eight bytes are read where they exist.
    const word: u64 = byte <= 56 ? load<u64>(bytes + byte) : load<u64>(bytes + 56) >> ((byte - 56) << 3);
    store<u32>(r + (i << 2), <u32>((word >> (bit & 7)) & MASK));
  }
}

/**
 * Brings limbs of up to 63 bits back to 29 and folds what overflows 522 bits. `c` is added at the
 * bottom.
 */
@inline
function settleSmall(r: usize, carry: u64): void {
  // carry <= 2^35, so limb 0 grows below 2^56 and limb 1 by at most 2^27.
  let v = limb(r, 0) + carry * FOLD;
  store<u32>(r, <u32>(v & MASK));
  let k: usize = 1;
  let c = v >> 29;
  while (c != 0 && k < LIMBS) {
    v = limb(r, k) + c;
    store<u32>(r + (k << 2), <u32>(v & MASK));
    c = v >> 29;
    k++;
  }
  // Only after a run of 17 full limbs: the value was just below 2^522 and is now tiny.
  if (c != 0) store<u32>(r, <u32>(limb(r, 0) + FOLD));
}

@inline
function column(k: usize): u64 {
  return load<u64>(columns + (k << 3));
}

/**
 * columns[0..34] -> r, modulo p. Every column is below 2^63. Written out for the same reason as
 * `joinMiddle`.
 */
function reduce(r: usize): void {
  // The upper half in limbs of 29 bits: h0 is worth FOLD in column 0, h18 (what is above all) FOLD
  // * FOLD.
  let v = column(18);
  const h0 = v & MASK;
  v = column(19) + (v >> 29);
  const h1 = v & MASK;
  v = column(20) + (v >> 29);
  const h2 = v & MASK;
  v = column(21) + (v >> 29);
  const h3 = v & MASK;
  v = column(22) + (v >> 29);
  const h4 = v & MASK;
  v = column(23) + (v >> 29);
  const h5 = v & MASK;
  v = column(24) + (v >> 29);
  const h6 = v & MASK;
  v = column(25) + (v >> 29);
  const h7 = v & MASK;
  v = column(26) + (v >> 29);
  const h8 = v & MASK;
  v = column(27) + (v >> 29);
  const h9 = v & MASK;
  v = column(28) + (v >> 29);
  const h10 = v & MASK;
  v = column(29) + (v >> 29);
  const h11 = v & MASK;
  v = column(30) + (v >> 29);
  const h12 = v & MASK;
  v = column(31) + (v >> 29);
  const h13 = v & MASK;
  v = column(32) + (v >> 29);
  const h14 = v & MASK;
  v = column(33) + (v >> 29);
  const h15 = v & MASK;
  v = column(34) + (v >> 29);
  const h16 = v & MASK;
  v = v >> 29;
  const h17 = v & MASK;
  const h18 = v >> 29;
  v = column(0) + h0 * FOLD + h18 * (FOLD * FOLD);
  store<u32>(r, <u32>(v & MASK));
  v = column(1) + h1 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 1 << 2);
  v = column(2) + h2 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 2 << 2);
  v = column(3) + h3 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 3 << 2);
  v = column(4) + h4 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 4 << 2);
  v = column(5) + h5 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 5 << 2);
  v = column(6) + h6 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 6 << 2);
  v = column(7) + h7 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 7 << 2);
  v = column(8) + h8 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 8 << 2);
  v = column(9) + h9 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 9 << 2);
  v = column(10) + h10 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 10 << 2);
  v = column(11) + h11 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 11 << 2);
  v = column(12) + h12 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 12 << 2);
  v = column(13) + h13 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 13 << 2);
  v = column(14) + h14 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 14 << 2);
  v = column(15) + h15 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 15 << 2);
  v = column(16) + h16 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 16 << 2);
  v = column(17) + h17 * FOLD + (v >> 29);
  store<u32>(r, <u32>(v & MASK), 17 << 2);
  settleSmall(r, v >> 29);
}

/**
 * The 17 columns of a product of two nine-limb halves; limbs below 2^30, so a column stays below
 * 2^63.2.
 */
function product9(r: usize, a: usize, b: usize): void {
  const a0 = limb(a, 0), a1 = limb(a, 1), a2 = limb(a, 2), a3 = limb(a, 3), a4 = limb(a, 4);
  const a5 = limb(a, 5), a6 = limb(a, 6), a7 = limb(a, 7), a8 = limb(a, 8);
  const b0 = limb(b, 0), b1 = limb(b, 1), b2 = limb(b, 2), b3 = limb(b, 3), b4 = limb(b, 4);
  const b5 = limb(b, 5), b6 = limb(b, 6), b7 = limb(b, 7), b8 = limb(b, 8);
  store<u64>(r, a0 * b0, 0);
  store<u64>(r, a0 * b1 + a1 * b0, 8);
  store<u64>(r, a0 * b2 + a1 * b1 + a2 * b0, 16);
  store<u64>(r, a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0, 24);
  store<u64>(r, a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0, 32);
  store<u64>(r, a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0, 40);
  store<u64>(r, a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0, 48);
  store<u64>(r, a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0, 56);
  store<u64>(r, a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0, 64);
  store<u64>(r, a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1, 72);
  store<u64>(r, a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2, 80);
  store<u64>(r, a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3, 88);
  store<u64>(r, a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4, 96);
  store<u64>(r, a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5, 104);
  store<u64>(r, a6 * b8 + a7 * b7 + a8 * b6, 112);
  store<u64>(r, a7 * b8 + a8 * b7, 120);
  store<u64>(r, a8 * b8, 128);
}

/** As `product9` with both factors equal. */
function square9(r: usize, a: usize): void {
  const a0 = limb(a, 0), a1 = limb(a, 1), a2 = limb(a, 2), a3 = limb(a, 3), a4 = limb(a, 4);
  const a5 = limb(a, 5), a6 = limb(a, 6), a7 = limb(a, 7), a8 = limb(a, 8);
  store<u64>(r, a0 * a0, 0);
  store<u64>(r, (a0 * a1) << 1, 8);
  store<u64>(r, ((a0 * a2) << 1) + a1 * a1, 16);
  store<u64>(r, (a0 * a3 + a1 * a2) << 1, 24);
  store<u64>(r, ((a0 * a4 + a1 * a3) << 1) + a2 * a2, 32);
  store<u64>(r, (a0 * a5 + a1 * a4 + a2 * a3) << 1, 40);
  store<u64>(r, ((a0 * a6 + a1 * a5 + a2 * a4) << 1) + a3 * a3, 48);
  store<u64>(r, (a0 * a7 + a1 * a6 + a2 * a5 + a3 * a4) << 1, 56);
  store<u64>(r, ((a0 * a8 + a1 * a7 + a2 * a6 + a3 * a5) << 1) + a4 * a4, 64);
  store<u64>(r, (a1 * a8 + a2 * a7 + a3 * a6 + a4 * a5) << 1, 72);
  store<u64>(r, ((a2 * a8 + a3 * a7 + a4 * a6) << 1) + a5 * a5, 80);
  store<u64>(r, (a3 * a8 + a4 * a7 + a5 * a6) << 1, 88);
  store<u64>(r, ((a4 * a8 + a5 * a7) << 1) + a6 * a6, 96);
  store<u64>(r, (a5 * a8 + a6 * a7) << 1, 104);
  store<u64>(r, ((a6 * a8) << 1) + a7 * a7, 112);
  store<u64>(r, (a7 * a8) << 1, 120);
  store<u64>(r, a8 * a8, 128);
}

/** A column of the middle product: what is in neither half. */
@inline
function between(k: usize): u64 {
  return load<u64>(middle + (k << 3)) - column(k) - column(k + 18);
}

/**
 * Adds the middle part of Karatsuba's three products into the columns; both halves are already
 * there. Written out, since the engine does not unroll loops and this runs six thousand times for
 * each signature.
 */
@inline
function joinMiddle(): void {
  const m0 = between(0), m1 = between(1), m2 = between(2), m3 = between(3), m4 = between(4), m5 = between(5);
  const m6 = between(6), m7 = between(7), m8 = between(8), m9 = between(9), m10 = between(10), m11 = between(11);
  const m12 = between(12), m13 = between(13), m14 = between(14), m15 = between(15), m16 = between(16);
  store<u64>(columns, column(9) + m0, 9 << 3);
  store<u64>(columns, column(10) + m1, 10 << 3);
  store<u64>(columns, column(11) + m2, 11 << 3);
  store<u64>(columns, column(12) + m3, 12 << 3);
  store<u64>(columns, column(13) + m4, 13 << 3);
  store<u64>(columns, column(14) + m5, 14 << 3);
  store<u64>(columns, column(15) + m6, 15 << 3);
  store<u64>(columns, column(16) + m7, 16 << 3);
  store<u64>(columns, m8, 17 << 3);
  store<u64>(columns, column(18) + m9, 18 << 3);
  store<u64>(columns, column(19) + m10, 19 << 3);
  store<u64>(columns, column(20) + m11, 20 << 3);
  store<u64>(columns, column(21) + m12, 21 << 3);
  store<u64>(columns, column(22) + m13, 22 << 3);
  store<u64>(columns, column(23) + m14, 23 << 3);
  store<u64>(columns, column(24) + m15, 24 << 3);
  store<u64>(columns, column(25) + m16, 25 << 3);
}

@inline
function addHalf(r: usize, a: usize, k: usize): void {
  store<u32>(r + (k << 2), load<u32>(a + (k << 2)) + load<u32>(a + (k << 2), HALF));
}

@inline
function addHalves(r: usize, a: usize): void {
  addHalf(r, a, 0); addHalf(r, a, 1); addHalf(r, a, 2); addHalf(r, a, 3); addHalf(r, a, 4);
  addHalf(r, a, 5); addHalf(r, a, 6); addHalf(r, a, 7); addHalf(r, a, 8);
}

/** r = a * b */
export function multiply(r: usize, a: usize, b: usize): void {
  product9(columns, a, b);
  product9(columns + (18 << 3), a + HALF, b + HALF);
  addHalves(sumA, a);
  addHalves(sumB, b);
  product9(middle, sumA, sumB);
  joinMiddle();
  reduce(r);
}

/** r = a * a */
export function square(r: usize, a: usize): void {
  square9(columns, a);
  square9(columns + (18 << 3), a + HALF);
  addHalves(sumA, a);
  square9(middle, sumA);
  joinMiddle();
  reduce(r);
}

/** r = a + b */
export function add(r: usize, a: usize, b: usize): void {
  let c: u32 = 0;
  for (let k: usize = 0; k < SIZE; k += 4) {
    const v = load<u32>(a + k) + load<u32>(b + k) + c;
    store<u32>(r + k, v & <u32>MASK);
    c = v >> 29;
  }
  settleSmall(r, c);
}

/** r = a - b, computed as a + 2048 p - b so that no limb goes below zero. */
export function subtract(r: usize, a: usize, b: usize): void {
  let v = load<u32>(a) + 2 * (0x20000000 - <u32>FOLD) - load<u32>(b);
  store<u32>(r, v & <u32>MASK);
  let c = v >> 29;
  for (let k: usize = 4; k < SIZE; k += 4) {
    v = load<u32>(a + k) + 2 * 0x1fffffff - load<u32>(b + k) + c;
    store<u32>(r + k, v & <u32>MASK);
    c = v >> 29;
  }
  settleSmall(r, c);
}

/** r = the one value below p that stands for a. */
export function canonical(r: usize, a: usize): void {
  if (r != a) copy(r, a);
  // Twice: the first fold of the bits above 512 may carry into them again.
  for (let round = 0; round < 2; round++) {
    let v: u64 = limb(r, 17);
    let c: u64 = (v >> 19) * 569;
    store<u32>(r + (17 << 2), <u32>(v & 0x7ffff));
    for (let k: usize = 0; k < LIMBS; k++) {
      v = limb(r, k) + c;
      store<u32>(r + (k << 2), <u32>(k == 17 ? v : v & MASK));
      c = k == 17 ? 0 : v >> 29;
    }
  }
  // Now below 2^512: it is p or more exactly when adding 569 reaches 2^512.
  let c: u64 = 569;
  for (let k: usize = 0; k < LIMBS; k++) {
    const v = limb(r, k) + c;
    store<u32>(scratch + (k << 2), <u32>(k == 17 ? v & 0x7ffff : v & MASK));
    c = k == 17 ? v >> 19 : v >> 29;
  }
  if (c != 0) copy(r, scratch);
}

export function isZero(a: usize): bool {
  // Cheap way out: a multiple of p below 2^522 is m * 2^512 - m * 569, whose limbs 2..16 are all
  // ones (or all zero for m = 0).
  const probe = load<u32>(a, 8 << 2);
  if (probe != 0 && probe != <u32>MASK) return false;
  canonical(probeSpace, a);
  for (let k: usize = 0; k < SIZE; k += 4) if (load<u32>(probeSpace + k) != 0) return false;
  return true;
}
const probeSpace = memory.data(<i32>SIZE, 16);

export function equal(a: usize, b: usize): bool {
  subtract(difference, a, b);
  return isZero(difference);
}
const difference = memory.data(<i32>SIZE, 16);

/**
 * r = 1 / a by Fermat: a^(p-2), where p - 2 = 2^512 - 571 is 502 ones and then 453 in ten bits. The
 * ones are made by doubling their number (a^(2^k - 1) squared k times, times itself), as the bits
 * of 502 say.
 */
export function invert(r: usize, a: usize): void {
  copy(base, a);
  copy(power, a);
  let ones = 1;
  for (let bit = 7; bit >= 0; bit--) {
    copy(half, power);
    for (let i = 0; i < ones; i++) square(power, power);
    multiply(power, power, half);
    ones <<= 1;
    if ((502 >> bit) & 1) {
      square(power, power);
      multiply(power, power, base);
      ones++;
    }
  }
  for (let i = 9; i >= 0; i--) {
    square(power, power);
    if ((453 >> i) & 1) multiply(power, power, base);
  }
  copy(r, power);
}
const base = memory.data(<i32>SIZE, 16);
const power = memory.data(<i32>SIZE, 16);
const half = memory.data(<i32>SIZE, 16);
