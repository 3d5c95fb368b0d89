/**
 * The same arithmetic in plain BigInt. It is used for GOST 34.310-2004 (archives), when the
 * WebAssembly is not built, to make signatures in tests, and to check the fast code. It is not
 * constant-time.
 */

/** A short Weierstrass curve y^2 = x^3 + ax + b with a base point of prime order n. */
export interface Curve {
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly n: bigint;
  readonly gx: bigint;
  readonly gy: bigint;
  /** Bytes of a coordinate. */
  readonly size: number;
}

/** id-tc26-gost-3410-12-512-paramSetA, RFC 7836; Kazakhstan's 1.2.398.3.10.1.1.2.2.1. */
export const GOST_2015_512: Curve = {
  p: 2n ** 512n - 569n,
  a: 2n ** 512n - 572n,
  b: 0xe8c2505dedfc86ddc1bd0b2b6667f1da34b82574761cb0e879bd081cfd0b6265ee3cb090f30d27614cb4574010da90dd862ef9d4ebee4761503190785a71c760n,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275n,
  gx: 3n,
  gy: 0x7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4n,
  size: 64,
};

/** id-GostR3410-2001-CryptoPro-A-ParamSet, RFC 4357; Kazakhstan's 1.2.398.3.10.1.1.1.1.1. */
export const GOST_2004: Curve = {
  p: 2n ** 256n - 617n,
  a: 2n ** 256n - 620n,
  b: 0xa6n,
  n: 0xffffffffffffffffffffffffffffffff6c611070995ad10045841b09b761b893n,
  gx: 1n,
  gy: 0x8d91e471e0989cda27df505a453f2b7635294f2ddf23e3b122acc99c9e9f1e14n,
  size: 32,
};

/** A point in Jacobian coordinates; z = 0 is infinity. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const INFINITY: Point = { x: 1n, y: 1n, z: 0n };

function modulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

/** 1 / value modulo a prime. The value must not be a multiple of the prime. */
export function inverse(value: bigint, prime: bigint): bigint {
  let [a, b, u, v] = [modulo(value, prime), prime, 1n, 0n];
  while (a !== 0n) {
    const q = b / a;
    [a, b] = [b - q * a, a];
    [u, v] = [v - q * u, u];
  }
  return modulo(v, prime);
}

function double(curve: Curve, q: Point): Point {
  const { p } = curve;
  if (q.z === 0n || q.y === 0n) return INFINITY;
  const yy = (q.y * q.y) % p;
  const s = (4n * q.x * yy) % p;
  const zz = (q.z * q.z) % p;
  // a = p - 3 on every curve here.
  const m = (3n * (q.x - zz) * (q.x + zz)) % p;
  const x = modulo(m * m - 2n * s, p);
  return { x, y: modulo(m * (s - x) - 8n * yy * yy, p), z: (2n * q.y * q.z) % p };
}

function add(curve: Curve, a: Point, b: Point): Point {
  const { p } = curve;
  if (a.z === 0n) return b;
  if (b.z === 0n) return a;
  const za = (a.z * a.z) % p;
  const zb = (b.z * b.z) % p;
  const u1 = (a.x * zb) % p;
  const s1 = (((a.y * zb) % p) * b.z) % p;
  const h = modulo(b.x * za - u1, p);
  const r = modulo(((b.y * za) % p) * a.z - s1, p);
  if (h === 0n) return r === 0n ? double(curve, a) : INFINITY;
  const hh = (h * h) % p;
  const hhh = (hh * h) % p;
  const v = (u1 * hh) % p;
  const x = modulo(r * r - hhh - 2n * v, p);
  return { x, y: modulo(r * (v - x) - s1 * hhh, p), z: (((a.z * b.z) % p) * h) % p };
}

/** k1 P1 + k2 P2 in one run of doublings, two bits of each number at a time. */
function multiplySum(curve: Curve, k1: bigint, p1: Point, k2: bigint, p2: Point): Point {
  const first = [INFINITY, p1, double(curve, p1), add(curve, double(curve, p1), p1)];
  const second = [INFINITY, p2, double(curve, p2), add(curve, double(curve, p2), p2)];
  const table = first.flatMap((a) => second.map((b) => add(curve, a, b)));
  const pairs = (k: bigint): string => k.toString(4).padStart(curve.size * 4, '0');
  const [d1, d2] = [pairs(k1), pairs(k2)];
  let sum = INFINITY;
  for (let i = 0; i < d1.length; i++) {
    sum = double(curve, double(curve, sum));
    const entry = table[Number(d1[i]) * 4 + Number(d2[i])];
    if (entry !== undefined) sum = add(curve, sum, entry);
  }
  return sum;
}

/** The affine coordinates of k G; null for infinity. */
export function multiplyGenerator(curve: Curve, k: bigint): { x: bigint; y: bigint } | null {
  const base: Point = { x: curve.gx, y: curve.gy, z: 1n };
  const { x, y, z } = multiplySum(curve, k, base, 0n, base);
  if (z === 0n) return null;
  const zi = inverse(z, curve.p);
  const zi2 = (zi * zi) % curve.p;
  return { x: (x * zi2) % curve.p, y: (y * zi2 * zi) % curve.p };
}

export function isOnCurve(curve: Curve, x: bigint, y: bigint): boolean {
  const { p, a, b } = curve;
  return x < p && y < p && (y * y - (x * x * x + a * x + b)) % p === 0n;
}

/** True when the x coordinate of z1 G + z2 Q equals r modulo n. Q must be on the curve. */
export function referenceMatches(
  curve: Curve,
  qx: bigint,
  qy: bigint,
  z1: bigint,
  z2: bigint,
  r: bigint,
): boolean {
  const sum = multiplySum(curve, z1, { x: curve.gx, y: curve.gy, z: 1n }, z2, { x: qx, y: qy, z: 1n });
  if (sum.z === 0n) return false;
  const zi = inverse(sum.z, curve.p);
  return ((sum.x * zi * zi) % curve.p) % curve.n === r;
}
