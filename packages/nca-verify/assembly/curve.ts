/**
 * Points of y^2 = x^3 - 3x + b over p = 2^512 - 569 (RFC 7836, id-tc26-gost-3410-12-512-paramSetA,
 * cofactor 1) and the sum z1 G + z2 Q that a verification needs. Points are Jacobian (x = X/Z^2, y
 * = Y/Z^3; Z = 0 is infinity); tables are affine.
 */
import { add, canonical, copy, equal, fromBytes, invert, isZero, multiply, SIZE, setSmall, square, subtract } from './field';

/** Bytes of an affine and of a Jacobian point. */
export const AFFINE: usize = 2 * SIZE;
export const JACOBIAN: usize = 3 * SIZE;

/** Fixed-base tables: digits of 7 bits, signed, so 74 windows of 64 multiples each. */
export const WIDTH: usize = 7;
export const WINDOWS: usize = 74;
export const ENTRIES: usize = 64;
const TABLE: usize = WINDOWS * ENTRIES * AFFINE;

const b = memory.data<u64>([
  0x503190785a71c760, 0x862ef9d4ebee4761, 0x4cb4574010da90dd, 0xee3cb090f30d2761, 0x79bd081cfd0b6265, 0x34b82574761cb0e8,
  0xc1bd0b2b6667f1da, 0xe8c2505dedfc86dd,
]);

// What the host writes: numbers are 64 bytes, lowest first.
const inputX = memory.data(64, 16);
const inputY = memory.data(64, 16);
/** z1, with room for the window that reaches past the top. */
export const inputG = memory.data(72, 16);
export const inputQ = memory.data(72, 16);
/** r, and r + n where that is below p (else r again). */
const inputR = memory.data(128, 16);

export function addressOfX(): usize { return inputX; }
export function addressOfY(): usize { return inputY; }
export function addressOfScalarG(): usize { return inputG; }
export function addressOfScalarQ(): usize { return inputQ; }
export function addressOfR(): usize { return inputR; }

const t0 = memory.data(<i32>SIZE, 16);
const t1 = memory.data(<i32>SIZE, 16);
const t2 = memory.data(<i32>SIZE, 16);
const t3 = memory.data(<i32>SIZE, 16);
const t4 = memory.data(<i32>SIZE, 16);
const t5 = memory.data(<i32>SIZE, 16);
const t6 = memory.data(<i32>SIZE, 16);

/** p = 2p (dbl-2001-b, a = -3). Doubling infinity gives infinity, since Z stays zero. */
function double(p: usize): void {
  const x = p, y = p + SIZE, z = p + 2 * SIZE;
  square(t0, z); // delta
  square(t1, y); // gamma
  multiply(t2, x, t1); // beta
  subtract(t3, x, t0);
  add(t4, x, t0);
  multiply(t3, t3, t4);
  add(t4, t3, t3);
  add(t3, t4, t3); // alpha = 3 (x - delta) (x + delta)
  add(t4, y, z);
  square(t4, t4);
  subtract(t4, t4, t1);
  subtract(z, t4, t0); // Z = (y + z)^2 - gamma - delta
  add(t2, t2, t2);
  add(t2, t2, t2); // 4 beta
  square(x, t3);
  subtract(x, x, t2);
  subtract(x, x, t2); // X = alpha^2 - 8 beta
  subtract(t2, t2, x);
  multiply(t3, t3, t2);
  square(t1, t1);
  add(t1, t1, t1);
  add(t1, t1, t1);
  add(t1, t1, t1);
  subtract(y, t3, t1); // Y = alpha (4 beta - X) - 8 gamma^2
}

/**
 * The shared end of both additions: t1 = U1 and p.y = S1 known, h in t2, difference of the y in t3,
 * Z already set.
 */
@inline
function finishAddition(p: usize): void {
  const x = p, y = p + SIZE;
  square(t4, t2); // h^2
  multiply(t5, t4, t2); // h^3
  multiply(t4, t4, t1); // U1 h^2
  square(x, t3);
  subtract(x, x, t5);
  subtract(x, x, t4);
  subtract(x, x, t4);
  subtract(t4, t4, x);
  multiply(t3, t3, t4);
  multiply(t5, t5, t6);
  subtract(y, t3, t5);
}

/** p = p + q for an affine q, or p - q when `negate`. */
export function addAffine(p: usize, q: usize, negate: bool): void {
  const x = p, y = p + SIZE, z = p + 2 * SIZE;
  copy(t6, q + SIZE);
  if (negate) {
    setSmall(t5, 0);
    subtract(t6, t5, t6);
  }
  if (isZero(z)) {
    copy(x, q);
    copy(y, t6);
    setSmall(z, 1);
    return;
  }
  square(t0, z);
  multiply(t2, q, t0); // U2
  multiply(t0, t0, z);
  multiply(t3, t6, t0); // S2
  subtract(t2, t2, x);
  subtract(t3, t3, y);
  if (isZero(t2)) {
    // Same x: the same point, or its negative.
    if (isZero(t3)) double(p);
    else setSmall(z, 0);
    return;
  }
  copy(t1, x);
  copy(t6, y);
  multiply(z, z, t2);
  finishAddition(p);
}

/** p = p + q for a Jacobian q, or p - q when `negate`. */
export function addJacobian(p: usize, q: usize, negate: bool): void {
  const x = p, y = p + SIZE, z = p + 2 * SIZE;
  if (isZero(q + 2 * SIZE)) return;
  copy(t5, q + SIZE);
  if (negate) {
    setSmall(t4, 0);
    subtract(t5, t4, t5);
  }
  if (isZero(z)) {
    copy(x, q);
    copy(y, t5);
    copy(z, q + 2 * SIZE);
    return;
  }
  square(t0, z);
  multiply(t2, q, t0); // U2 = x2 z1^2
  multiply(t0, t0, z);
  multiply(t3, t5, t0); // S2 = y2 z1^3
  square(t0, q + 2 * SIZE);
  multiply(t1, x, t0); // U1 = x1 z2^2
  multiply(t0, t0, q + 2 * SIZE);
  multiply(t6, y, t0); // S1 = y1 z2^3
  subtract(t2, t2, t1);
  subtract(t3, t3, t6);
  if (isZero(t2)) {
    if (isZero(t3)) double(p);
    else setSmall(z, 0);
    return;
  }
  multiply(z, z, q + 2 * SIZE);
  multiply(z, z, t2);
  finishAddition(p);
}

const pointX = memory.data(<i32>SIZE, 16);
const pointY = memory.data(<i32>SIZE, 16);

/** Whether the input point has both coordinates below p and lies on the curve. */
export function isOnCurve(): bool {
  return readPoint(inputX, pointX) && readPoint(inputY, pointY) && satisfies();
}

/** Reads a coordinate; false when it is p or more. */
function readPoint(bytes: usize, r: usize): bool {
  fromBytes(t0, bytes);
  canonical(r, t0);
  return memory.compare(r, t0, SIZE) == 0;
}

function satisfies(): bool {
  square(t0, pointX);
  setSmall(t1, 3);
  subtract(t0, t0, t1);
  multiply(t0, t0, pointX);
  fromBytes(t1, b);
  add(t0, t0, t1);
  square(t1, pointY);
  return equal(t0, t1);
}

const running = memory.data(<i32>JACOBIAN, 16);
const multiples = memory.data(<i32>(ENTRIES * JACOBIAN), 16);
const prefix = memory.data(<i32>(ENTRIES * SIZE), 16);
const inverse = memory.data(<i32>SIZE, 16);

/** Where the tables begin; the host grows the memory. */
export function tableAddress(slot: usize): usize {
  return ((__heap_base + 15) & ~15) + slot * TABLE;
}

/**
 * Fills a slot with d * 2^(7 i) * P for d = 1..64, P being the input point (checked by the host
 * through isOnCurve).
 */
export function buildTable(slot: usize): void {
  const start = tableAddress(slot);
  fromBytes(running, inputX);
  fromBytes(running + SIZE, inputY);
  setSmall(running + 2 * SIZE, 1);
  for (let window: usize = 0; window < WINDOWS; window++) {
    memory.copy(multiples, running, JACOBIAN);
    for (let d: usize = 1; d < ENTRIES; d++) {
      const at = multiples + d * JACOBIAN;
      memory.copy(at, at - JACOBIAN, JACOBIAN);
      addJacobian(at, running, false);
    }
    normalise(start + window * ENTRIES * AFFINE);
    for (let i: usize = 0; i < WIDTH; i++) double(running);
  }
}

/**
 * Turns `multiples` into affine points with one inversion for all (Montgomery's trick). None is
 * infinity: n is prime.
 */
function normalise(to: usize): void {
  copy(prefix, multiples + 2 * SIZE);
  for (let d: usize = 1; d < ENTRIES; d++) {
    multiply(prefix + d * SIZE, prefix + (d - 1) * SIZE, multiples + d * JACOBIAN + 2 * SIZE);
  }
  invert(inverse, prefix + (ENTRIES - 1) * SIZE);
  for (let d: usize = ENTRIES - 1; d < ENTRIES; d--) {
    const from = multiples + d * JACOBIAN;
    const at = to + d * AFFINE;
    if (d > 0) multiply(t0, inverse, prefix + (d - 1) * SIZE);
    else copy(t0, inverse);
    multiply(inverse, inverse, from + 2 * SIZE);
    square(t1, t0);
    multiply(at, from, t1);
    multiply(t1, t1, t0);
    multiply(at + SIZE, from + SIZE, t1);
  }
}

export const sum = memory.data(<i32>JACOBIAN, 16);

/** sum = sum + k * (the point of the slot) */
function addFixed(slot: usize, scalar: usize): void {
  const start = tableAddress(slot);
  let carry: u32 = 0;
  for (let window: usize = 0; window < WINDOWS; window++) {
    const bit = window * WIDTH;
    let digit = ((<u32>load<u16>(scalar + (bit >> 3)) >> <u32>(bit & 7)) & 127) + carry;
    carry = digit > 64 ? 1 : 0;
    if (carry != 0) digit = 128 - digit;
    if (digit != 0) addAffine(sum, start + (window * ENTRIES + digit - 1) * AFFINE, carry != 0);
  }
}

export const digits = memory.data(520, 16);
/** Q, 3Q, 5Q … 15Q */
export const odd = memory.data(8 * <i32>JACOBIAN, 16);
const twice = memory.data(<i32>JACOBIAN, 16);

/**
 * Writes the scalar in signed digits, each zero or odd between -15 and 15, and gives their count.
 */
export function recode(scalar: usize): i32 {
  let length = 0;
  let carry: u32 = 0;
  let bit: usize = 0;
  memory.fill(digits, 0, 520);
  while (bit < 513) {
    const now = (<u32>load<u8>(scalar + (bit >> 3)) >> <u32>(bit & 7)) & 1;
    if (now == carry) {
      bit++;
      continue;
    }
    let digit = <i32>(((<u32>load<u16>(scalar + (bit >> 3)) >> <u32>(bit & 7)) & 31) + carry);
    carry = digit > 16 ? 1 : 0;
    if (carry != 0) digit -= 32;
    store<i8>(digits + bit, <i8>digit);
    length = <i32>bit + 1;
    bit += 5;
  }
  return length;
}

/** Fills `odd` with the odd multiples of the input point. */
export function multiplesOfInput(): void {
  fromBytes(odd, inputX);
  fromBytes(odd + SIZE, inputY);
  setSmall(odd + 2 * SIZE, 1);
  memory.copy(twice, odd, JACOBIAN);
  double(twice);
  for (let i: usize = 1; i < 8; i++) {
    memory.copy(odd + i * JACOBIAN, odd + (i - 1) * JACOBIAN, JACOBIAN);
    addJacobian(odd + i * JACOBIAN, twice, false);
  }
}

/** sum = z2 * (the input point), by doubling and adding. */
function multiplyInput(): void {
  multiplesOfInput();
  for (let i = recode(inputQ) - 1; i >= 0; i--) {
    double(sum);
    const digit = <i32>load<i8>(digits + i);
    if (digit > 0) addJacobian(sum, odd + <usize>(digit >> 1) * JACOBIAN, false);
    else if (digit < 0) addJacobian(sum, odd + <usize>(-digit >> 1) * JACOBIAN, true);
  }
}

/**
 * Whether x of the sum is r or r + n: X = r Z^2, so that no inversion is needed. Infinity never
 * matches.
 */
export function matches(): bool {
  if (isZero(sum + 2 * SIZE)) return false;
  square(t0, sum + 2 * SIZE);
  for (let i: usize = 0; i < 2; i++) {
    fromBytes(t1, inputR + i * 64);
    multiply(t1, t1, t0);
    if (equal(t1, sum)) return true;
  }
  return false;
}

/** z1 G + z2 Q against r, Q being the input point; slot 0 holds G. */
export function verifyInput(): bool {
  setSmall(sum + 2 * SIZE, 0);
  multiplyInput();
  addFixed(0, inputG);
  return matches();
}

/** The same for a Q whose table stands in `slot`. */
export function verifyFixed(slot: usize): bool {
  setSmall(sum + 2 * SIZE, 0);
  addFixed(slot, inputQ);
  addFixed(0, inputG);
  return matches();
}
