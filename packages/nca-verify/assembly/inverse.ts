/**
 * Inverses modulo the curve's order n (RFC 7836, id-tc26-gost-3410-12-512-paramSetA), by the
 * division steps of Bernstein and Yang ("Fast constant-time gcd computation and modular inversion",
 * 2019), 30 at a time, as libsecp256k1 does it in variable time: only public numbers come here.
 *
 * A number is 18 signed limbs of 30 bits, lowest first, in 32 bits each. All but the top limb are
 * between 0 and 2^30, so the top limb has the sign.
 */
const LIMBS: usize = 18;
const SIZE: usize = LIMBS * 4;
const MASK: i32 = 0x3fffffff;

/** n^-1 modulo 2^30 */
const ORDER_INVERSE: u32 = 0x22ae0ddd;
const order = memory.data<u64>([
  0xcacdb1411f10b275, 0x9b4b38abfad2b85d, 0x6ff22b8d4e056060, 0x27e69532f48d8911,
  0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
]);

/** The number to invert, not zero and below n, and then its inverse: 64 bytes, lowest first. */
const number = memory.data(64, 16);
export function addressOfNumber(): usize { return number; }

const modulus = memory.data(<i32>SIZE, 16);
const d = memory.data(<i32>SIZE, 16);
const e = memory.data(<i32>SIZE, 16);
const f = memory.data(<i32>SIZE, 16);
const g = memory.data(<i32>SIZE, 16);

/** The matrix of 30 division steps: [u v; q r] / 2^30 takes (f, g) to the next pair. */
let u: i32 = 1;
let v: i32 = 0;
let q: i32 = 0;
let r: i32 = 1;

/** Runs 30 division steps on the lowest bits, writes the matrix, and gives the next eta. */
function steps(eta: i32): i32 {
  let f0 = load<u32>(f) | (load<u32>(f, 4) << 30);
  let g0 = load<u32>(g) | (load<u32>(g, 4) << 30);
  let a: u32 = 1, b: u32 = 0, c: u32 = 0, k: u32 = 1;
  let left: i32 = 30;
  for (;;) {
    const zeros = ctz<u32>(g0 | (<u32>0xffffffff << left));
    g0 >>= zeros;
    a <<= zeros;
    b <<= zeros;
    eta -= zeros;
    left -= zeros;
    if (left == 0) break;
    if (eta < 0) {
      eta = -eta;
      let x = f0; f0 = g0; g0 = 0 - x;
      x = a; a = c; c = 0 - x;
      x = b; b = k; k = 0 - x;
    }
    // Adds the multiple of f that clears the lowest bits of g, up to ten at a time: (3 f) ^ 2 is
    // the inverse of an odd f in five bits, and one step of Newton's doubles them.
    const limit = min(min(eta + 1, left), 10);
    let inverse = (3 * f0) ^ 2;
    inverse *= 2 - f0 * inverse;
    const w = (0 - g0 * inverse) & ((1 << limit) - 1);
    g0 += f0 * w;
    c += a * w;
    k += b * w;
  }
  u = <i32>a; v = <i32>b; q = <i32>c; r = <i32>k;
  return eta;
}

@inline
function limb(at: usize, k: usize): i64 { return load<i32>(at + (k << 2)); }

/** (d, e) = the matrix times (d, e), divided by 2^30 modulo n. Both stay between -2 n and n. */
function updateCofactors(): void {
  const signD = load<i32>(d, 17 << 2) >> 31;
  const signE = load<i32>(e, 17 << 2) >> 31;
  // How often n is added: once for a negative factor, and as the lowest 30 bits need to vanish.
  let md = (u & signD) + (v & signE);
  let me = (q & signD) + (r & signE);
  let cd = <i64>u * limb(d, 0) + <i64>v * limb(e, 0);
  let ce = <i64>q * limb(d, 0) + <i64>r * limb(e, 0);
  md -= (<i32>(ORDER_INVERSE * <u32>cd) + md) & MASK;
  me -= (<i32>(ORDER_INVERSE * <u32>ce) + me) & MASK;
  cd += limb(modulus, 0) * <i64>md;
  ce += limb(modulus, 0) * <i64>me;
  for (let k: usize = 1; k < LIMBS; k++) {
    cd >>= 30;
    ce >>= 30;
    const di = limb(d, k), ei = limb(e, k), mi = limb(modulus, k);
    cd += <i64>u * di + <i64>v * ei + mi * <i64>md;
    ce += <i64>q * di + <i64>r * ei + mi * <i64>me;
    store<i32>(d + ((k - 1) << 2), <i32>cd & MASK);
    store<i32>(e + ((k - 1) << 2), <i32>ce & MASK);
  }
  store<i32>(d, <i32>(cd >> 30), 17 << 2);
  store<i32>(e, <i32>(ce >> 30), 17 << 2);
}

/** (f, g) = the matrix times (f, g), divided by 2^30, which is exact. Whether g is zero then. */
function updateNumbers(): bool {
  let cf = <i64>u * limb(f, 0) + <i64>v * limb(g, 0);
  let cg = <i64>q * limb(f, 0) + <i64>r * limb(g, 0);
  let any: i32 = 0;
  for (let k: usize = 1; k < LIMBS; k++) {
    cf >>= 30;
    cg >>= 30;
    const fi = limb(f, k), gi = limb(g, k);
    cf += <i64>u * fi + <i64>v * gi;
    cg += <i64>q * fi + <i64>r * gi;
    store<i32>(f + ((k - 1) << 2), <i32>cf & MASK);
    const low = <i32>cg & MASK;
    store<i32>(g + ((k - 1) << 2), low);
    any |= low;
  }
  store<i32>(f, <i32>(cf >> 30), 17 << 2);
  store<i32>(g, <i32>(cg >> 30), 17 << 2);
  return (any | <i32>(cg >> 30)) == 0;
}

/** Reads 64 bytes. */
function fromBytes(to: usize, bytes: usize): void {
  for (let k: usize = 0; k < LIMBS; k++) {
    const bit = k * 30;
    const byte = bit >> 3;
    const word = byte <= 56 ? load<u64>(bytes + byte) : load<u64>(bytes + 56) >> ((byte - 56) << 3);
    store<i32>(to + (k << 2), <i32>(word >> (bit & 7)) & MASK);
  }
}

/** d = factor * d + times * n, with limbs in range again. */
function adjust(factor: i32, times: i32): void {
  let c: i64 = 0;
  for (let k: usize = 0; k < LIMBS; k++) {
    c += limb(d, k) * <i64>factor + limb(modulus, k) * <i64>times;
    store<i32>(d + (k << 2), k == 17 ? <i32>c : <i32>c & MASK);
    c >>= 30;
  }
}

/** Replaces the number by its inverse modulo n. */
export function invertNumber(): void {
  fromBytes(modulus, order);
  memory.copy(f, modulus, SIZE);
  fromBytes(g, number);
  memory.fill(d, 0, SIZE);
  memory.fill(e, 0, SIZE);
  store<i32>(e, 1);
  let eta: i32 = -1;
  do {
    eta = steps(eta);
    updateCofactors();
  } while (!updateNumbers());
  // f is now 1 or -1, and d is the inverse times f, between -2 n and n.
  if (load<i32>(f, 17 << 2) < 0) adjust(-1, 0);
  while (load<i32>(d, 17 << 2) < 0) adjust(1, 1);
  // Below 2 n: subtract n when that leaves nothing negative.
  adjust(1, -1);
  if (load<i32>(d, 17 << 2) < 0) adjust(1, 1);
  memory.fill(number, 0, 64);
  for (let k: usize = 0; k < LIMBS; k++) {
    const bit = k * 30;
    let word = <u64>load<u32>(d + (k << 2)) << (bit & 7);
    for (let byte = bit >> 3; word != 0 && byte < 64; byte++, word >>= 8) {
      store<u8>(number + byte, load<u8>(number + byte) | <u8>word);
    }
  }
}
