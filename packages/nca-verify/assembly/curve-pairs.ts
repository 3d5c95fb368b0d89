/**
 * The sum z1 G + z2 Q of `curve.ts` for engines with SIMD. A doubling is exactly four pairs of
 * products, an addition of a multiple of Q seven; the tables are added in two lanes, each with a
 * sum of its own.
 *
 * What is rare (a sum at infinity, equal or opposite points, a digit of zero) goes through the
 * additions of `curve.ts`, which know every case. So both codes treat it alike.
 */
import {
  addAffine, addJacobian, AFFINE, ENTRIES, inputG, inputQ, JACOBIAN, matches, multiplesOfInput, odd,
  recode, digits, sum, tableAddress, WIDTH, WINDOWS,
} from './curve';
import { copy, isZero, multiply, setSmall, SIZE, square, subtract } from './field';
import {
  addPair, addWide, join, multiplyPair, PAIR, mayBeZero, quadruple, select, spreadA, spreadB, squarePair, subtractPair,
  subtractWide, swap, take, triple,
} from './pairs';

/** The running sum: (X, X) and (Z, Y). */
const xx = memory.data(<i32>PAIR, 16);
const zy = memory.data(<i32>PAIR, 16);

const t0 = memory.data(<i32>PAIR, 16);
const t1 = memory.data(<i32>PAIR, 16);
const t2 = memory.data(<i32>PAIR, 16);
const t3 = memory.data(<i32>PAIR, 16);
const t4 = memory.data(<i32>PAIR, 16);
const t5 = memory.data(<i32>PAIR, 16);
const t6 = memory.data(<i32>PAIR, 16);
const t7 = memory.data(<i32>PAIR, 16);
const nothing = memory.data(<i32>PAIR, 16);
const element = memory.data(<i32>SIZE, 16);
const other = memory.data(<i32>SIZE, 16);

/** sum = 2 sum (dbl-2001-b, a = -3), four pairs of products. Infinity stays infinity. */
function doublePair(): void {
  squarePair(t0, zy); // (delta, gamma)
  select(t1, t0, nothing); // (delta, 0)
  addPair(t2, xx, t1);
  select(t2, t2, t0); // (X + delta, gamma)
  subtractPair(t1, xx, t1); // (X - delta, X)
  multiplyPair(t1, t1, t2); // (alpha / 3, beta)
  triple(t2, t1); // (alpha, …)
  swap(t3, zy);
  addPair(t3, t3, zy); // (Y + Z, Y + Z)
  select(t3, t2, t3);
  squarePair(t3, t3); // (alpha^2, (Y + Z)^2)
  swap(t1, t1);
  quadruple(t1, t1); // (4 beta, …)
  addWide(t4, t1, t1);
  swap(t5, t0);
  addWide(t5, t5, t0);
  select(t4, t4, t5); // (8 beta, gamma + delta)
  subtractWide(t3, t3, t4); // (X', Z')
  subtractPair(t1, t1, t3);
  select(t1, t1, t0); // (4 beta - X', gamma)
  select(t2, t2, t0); // (alpha, gamma)
  multiplyPair(t1, t1, t2); // (alpha (4 beta - X'), gamma^2)
  swap(t2, t1);
  quadruple(t2, t2);
  addWide(t2, t2, t2); // (8 gamma^2, …)
  subtractWide(t1, t1, t2); // (Y', …)
  swap(t1, t1);
  spreadA(xx, t3);
  swap(t3, t3);
  select(zy, t3, t1);
}

/** A multiple of Q for `addMultiple`: (X, Y), (X, -Y), (Z^2, Z) and (Z^3, Z^3). */
const MULTIPLE: usize = 4 * PAIR;
const multiples = memory.data(8 * 4 * 144, 16);

/** Puts the odd multiples of the input point into pairs. */
function prepareMultiples(): void {
  for (let i: usize = 0; i < 8; i++) {
    const from = odd + i * JACOBIAN;
    const to = multiples + i * MULTIPLE;
    join(to, from, from + SIZE);
    setSmall(element, 0);
    subtract(element, element, from + SIZE);
    join(to + PAIR, from, element);
    square(element, from + 2 * SIZE);
    join(to + 2 * PAIR, element, from + 2 * SIZE);
    multiply(element, element, from + 2 * SIZE);
    join(to + 3 * PAIR, element, element);
  }
}

/** The running sum, from pairs to Jacobian coordinates. */
function unloadSum(): void {
  take(sum, xx, 0);
  take(sum + SIZE, zy, 4);
  take(sum + 2 * SIZE, zy, 0);
}

function loadSum(): void {
  join(xx, sum, sum);
  join(zy, sum + 2 * SIZE, sum + SIZE);
}

/** Whether an element of a pair is a multiple of p. */
function isZeroLane(p: usize, lane: usize): bool {
  if (!mayBeZero(p, lane)) return false;
  take(element, p, lane);
  return isZero(element);
}

/** sum = sum + (or, negated, -) an odd multiple of Q; `digit` is odd. */
function addMultiple(digit: i32): void {
  const index = <usize>((digit < 0 ? -digit : digit) >> 1);
  const at = multiples + index * MULTIPLE;
  const point = digit < 0 ? at + PAIR : at;
  const z = at + 2 * PAIR;
  spreadA(t0, zy); // (Z1, Z1)
  select(t1, zy, z); // (Z1, Z2)
  multiplyPair(t1, t0, t1); // (Z1^2, Z1 Z2)
  select(t2, point, t0); // (X2, Z1)
  spreadA(t0, t1);
  multiplyPair(t2, t2, t0); // (U2, Z1^3)
  select(t3, xx, point); // (X1, Y2)
  select(t0, z, t2); // (Z2^2, Z1^3)
  multiplyPair(t3, t3, t0); // (U1, S2)
  subtractPair(t2, t2, t3); // (h, …)
  // Also when the sum is infinity: then Z1, U2 and S2 are zero, but U1 may not be.
  if (isZeroLane(t2, 0) || isZeroLane(zy, 0)) {
    unloadSum();
    addJacobian(sum, odd + index * JACOBIAN, digit < 0);
    loadSum();
    return;
  }
  swap(t1, t1);
  select(t1, t1, zy); // (Z1 Z2, Y1)
  select(t4, t2, at + 3 * PAIR); // (h, Z2^3)
  multiplyPair(t4, t4, t1); // (Z', S1)
  subtractPair(t5, t3, t4); // (…, r)
  select(t6, t2, t5); // (h, r)
  squarePair(t6, t6); // (h^2, r^2)
  swap(t3, t3);
  select(t2, t2, t3); // (h, U1)
  spreadA(t7, t6);
  multiplyPair(t7, t7, t2); // (h^3, V)
  addWide(t0, t7, t7);
  swap(t1, t7);
  addWide(t0, t0, t1); // (…, 2 V + h^3)
  subtractWide(t6, t6, t0); // (…, X')
  subtractPair(t0, t7, t6); // (…, V - X')
  swap(t1, t4);
  select(t1, t1, t5); // (S1, r)
  select(t0, t7, t0); // (h^3, V - X')
  multiplyPair(t0, t0, t1); // (S1 h^3, r (V - X'))
  swap(t1, t0);
  subtractPair(t0, t0, t1); // (…, Y')
  spreadB(xx, t6);
  select(zy, t4, t0);
}

/** sum = z2 * (the input point), by doubling and adding. */
function multiplyInputPair(): void {
  multiplesOfInput();
  prepareMultiples();
  setSmall(sum, 1);
  setSmall(sum + SIZE, 1);
  setSmall(sum + 2 * SIZE, 0);
  loadSum();
  for (let i = recode(inputQ) - 1; i >= 0; i--) {
    doublePair();
    const digit = <i32>load<i8>(digits + i);
    if (digit != 0) addMultiple(digit);
  }
  unloadSum();
}

/** Two sums of table entries, one in each lane. */
const xs = memory.data(<i32>PAIR, 16);
const ys = memory.data(<i32>PAIR, 16);
const zs = memory.data(<i32>PAIR, 16);
/** The same two as Jacobian points, where the additions of `curve.ts` are used. */
const first = memory.data(<i32>JACOBIAN, 16);
const second = memory.data(<i32>JACOBIAN, 16);
const entryX = memory.data(<i32>PAIR, 16);
const entryY = memory.data(<i32>PAIR, 16);

const windowsA = memory.data(<i32>WINDOWS, 16);
const windowsB = memory.data(<i32>WINDOWS, 16);

/** Writes a scalar as signed digits of 7 bits, lowest first, from -63 to 64. */
function splitWindows(to: usize, scalar: usize): void {
  let carry: i32 = 0;
  for (let window: usize = 0; window < WINDOWS; window++) {
    const bit = window * WIDTH;
    let digit = <i32>((<u32>load<u16>(scalar + (bit >> 3)) >> <u32>(bit & 7)) & 127) + carry;
    carry = digit > 64 ? 1 : 0;
    if (carry != 0) digit -= 128;
    store<i8>(to + window, <i8>digit);
  }
}

@inline
function entryOf(table: usize, window: usize, digit: i32): usize {
  return table + (window * ENTRIES + <usize>(digit < 0 ? -digit : digit) - 1) * AFFINE;
}

/** The additions of `curve.ts` in both lanes, for the rare cases. A digit of zero adds nothing. */
function addSeparately(a: usize, digitA: i32, b: usize, digitB: i32): void {
  take(first, xs, 0);
  take(first + SIZE, ys, 0);
  take(first + 2 * SIZE, zs, 0);
  take(second, xs, 4);
  take(second + SIZE, ys, 4);
  take(second + 2 * SIZE, zs, 4);
  if (digitA != 0) addAffine(first, a, digitA < 0);
  if (digitB != 0) addAffine(second, b, digitB < 0);
  join(xs, first, second);
  join(ys, first + SIZE, second + SIZE);
  join(zs, first + 2 * SIZE, second + 2 * SIZE);
}

/** Adds the entry at `a` in lane A and the one at `b` in lane B: eleven pairs of products. */
function addEntries(a: usize, digitA: i32, b: usize, digitB: i32): void {
  if (digitA == 0 || digitB == 0) return addSeparately(a, digitA, b, digitB);
  join(entryX, a, b);
  join(entryY, a + SIZE, b + SIZE);
  if (digitA < 0 || digitB < 0) {
    subtractPair(t0, nothing, entryY);
    if (digitA < 0) select(entryY, t0, entryY);
    if (digitB < 0) select(entryY, entryY, t0);
  }
  squarePair(t0, zs);
  multiplyPair(t1, entryX, t0); // U2
  multiplyPair(t0, t0, zs);
  multiplyPair(t2, entryY, t0); // S2
  subtractPair(t1, t1, xs); // h
  subtractPair(t2, t2, ys); // r
  if (isZeroLane(t1, 0) || isZeroLane(t1, 4) || isZeroLane(zs, 0) || isZeroLane(zs, 4)) {
    return addSeparately(a, digitA, b, digitB);
  }
  multiplyPair(zs, zs, t1);
  squarePair(t3, t1); // h^2
  multiplyPair(t4, t3, t1); // h^3
  multiplyPair(t3, t3, xs); // V
  squarePair(t5, t2); // r^2
  addWide(t6, t3, t3);
  addWide(t6, t6, t4);
  subtractWide(xs, t5, t6);
  subtractPair(t3, t3, xs);
  multiplyPair(t3, t3, t2);
  multiplyPair(t4, t4, ys);
  subtractPair(ys, t3, t4);
}

/** Both sums = infinity. */
function clearEntries(): void {
  setSmall(element, 1);
  setSmall(other, 0);
  join(xs, element, element);
  join(ys, element, element);
  join(zs, other, other);
}

/** sum = sum + both sums of table entries */
function addBoth(): void {
  addSeparately(0, 0, 0, 0);
  addJacobian(sum, first, false);
  addJacobian(sum, second, false);
}

/** As `verifyInput`: z1 G + z2 Q against r, Q being the input point. */
export function verifyInputPaired(): bool {
  multiplyInputPair();
  // G's windows: the even ones in lane A, the odd ones in lane B.
  splitWindows(windowsA, inputG);
  clearEntries();
  const table = tableAddress(0);
  for (let window: usize = 0; window < WINDOWS; window += 2) {
    const a = <i32>load<i8>(windowsA + window);
    const b = <i32>load<i8>(windowsA + window + 1);
    addEntries(entryOf(table, window, a), a, entryOf(table, window + 1, b), b);
  }
  addBoth();
  return matches();
}

/** As `verifyFixed`: the table of Q stands in `slot`. */
export function verifyFixedPaired(slot: usize): bool {
  setSmall(sum, 1);
  setSmall(sum + SIZE, 1);
  setSmall(sum + 2 * SIZE, 0);
  splitWindows(windowsA, inputG);
  splitWindows(windowsB, inputQ);
  clearEntries();
  const table = tableAddress(slot);
  const base = tableAddress(0);
  for (let window: usize = 0; window < WINDOWS; window++) {
    const a = <i32>load<i8>(windowsA + window);
    const b = <i32>load<i8>(windowsB + window);
    addEntries(entryOf(base, window, a), a, entryOf(table, window, b), b);
  }
  addBoth();
  return matches();
}
