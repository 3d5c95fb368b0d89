/**
 * The products of two elements at once, limb by limb (see `pairs.ts`). Written out, because the
 * engine does not unroll loops and this runs thousands of times for each signature.
 */

/** Products of the limbs 2k (low) or 2k + 1 (high) of `a` with one limb of `b`, in both lanes. */
@inline
export function low(a: v128, b: v128): v128 { return i64x2.extmul_low_i32x4_u(a, b); }
@inline
export function high(a: v128, b: v128): v128 { return i64x2.extmul_high_i32x4_u(a, b); }
@inline
export function plus(a: v128, b: v128): v128 { return i64x2.add(a, b); }

/** The 17 columns of the product of two half pairs of nine limbs. */
export function product9(r: usize, a: usize, b: usize): void {
  let p: v128, q: v128;
  p = v128.load(a, 0);
  q = v128.load64_splat(b, 0); let c0 = low(p, q); let c1 = high(p, q);
  q = v128.load64_splat(b, 8); c1 = plus(c1, low(p, q)); let c2 = high(p, q);
  q = v128.load64_splat(b, 16); c2 = plus(c2, low(p, q)); let c3 = high(p, q);
  q = v128.load64_splat(b, 24); c3 = plus(c3, low(p, q)); let c4 = high(p, q);
  q = v128.load64_splat(b, 32); c4 = plus(c4, low(p, q)); let c5 = high(p, q);
  q = v128.load64_splat(b, 40); c5 = plus(c5, low(p, q)); let c6 = high(p, q);
  q = v128.load64_splat(b, 48); c6 = plus(c6, low(p, q)); let c7 = high(p, q);
  q = v128.load64_splat(b, 56); c7 = plus(c7, low(p, q)); let c8 = high(p, q);
  q = v128.load64_splat(b, 64); c8 = plus(c8, low(p, q)); let c9 = high(p, q);
  v128.store(r, c0, 0);
  v128.store(r, c1, 16);
  p = v128.load(a, 16);
  q = v128.load64_splat(b, 0); c2 = plus(c2, low(p, q)); c3 = plus(c3, high(p, q));
  q = v128.load64_splat(b, 8); c3 = plus(c3, low(p, q)); c4 = plus(c4, high(p, q));
  q = v128.load64_splat(b, 16); c4 = plus(c4, low(p, q)); c5 = plus(c5, high(p, q));
  q = v128.load64_splat(b, 24); c5 = plus(c5, low(p, q)); c6 = plus(c6, high(p, q));
  q = v128.load64_splat(b, 32); c6 = plus(c6, low(p, q)); c7 = plus(c7, high(p, q));
  q = v128.load64_splat(b, 40); c7 = plus(c7, low(p, q)); c8 = plus(c8, high(p, q));
  q = v128.load64_splat(b, 48); c8 = plus(c8, low(p, q)); c9 = plus(c9, high(p, q));
  q = v128.load64_splat(b, 56); c9 = plus(c9, low(p, q)); let c10 = high(p, q);
  q = v128.load64_splat(b, 64); c10 = plus(c10, low(p, q)); let c11 = high(p, q);
  v128.store(r, c2, 32);
  v128.store(r, c3, 48);
  p = v128.load(a, 32);
  q = v128.load64_splat(b, 0); c4 = plus(c4, low(p, q)); c5 = plus(c5, high(p, q));
  q = v128.load64_splat(b, 8); c5 = plus(c5, low(p, q)); c6 = plus(c6, high(p, q));
  q = v128.load64_splat(b, 16); c6 = plus(c6, low(p, q)); c7 = plus(c7, high(p, q));
  q = v128.load64_splat(b, 24); c7 = plus(c7, low(p, q)); c8 = plus(c8, high(p, q));
  q = v128.load64_splat(b, 32); c8 = plus(c8, low(p, q)); c9 = plus(c9, high(p, q));
  q = v128.load64_splat(b, 40); c9 = plus(c9, low(p, q)); c10 = plus(c10, high(p, q));
  q = v128.load64_splat(b, 48); c10 = plus(c10, low(p, q)); c11 = plus(c11, high(p, q));
  q = v128.load64_splat(b, 56); c11 = plus(c11, low(p, q)); let c12 = high(p, q);
  q = v128.load64_splat(b, 64); c12 = plus(c12, low(p, q)); let c13 = high(p, q);
  v128.store(r, c4, 64);
  v128.store(r, c5, 80);
  p = v128.load(a, 48);
  q = v128.load64_splat(b, 0); c6 = plus(c6, low(p, q)); c7 = plus(c7, high(p, q));
  q = v128.load64_splat(b, 8); c7 = plus(c7, low(p, q)); c8 = plus(c8, high(p, q));
  q = v128.load64_splat(b, 16); c8 = plus(c8, low(p, q)); c9 = plus(c9, high(p, q));
  q = v128.load64_splat(b, 24); c9 = plus(c9, low(p, q)); c10 = plus(c10, high(p, q));
  q = v128.load64_splat(b, 32); c10 = plus(c10, low(p, q)); c11 = plus(c11, high(p, q));
  q = v128.load64_splat(b, 40); c11 = plus(c11, low(p, q)); c12 = plus(c12, high(p, q));
  q = v128.load64_splat(b, 48); c12 = plus(c12, low(p, q)); c13 = plus(c13, high(p, q));
  q = v128.load64_splat(b, 56); c13 = plus(c13, low(p, q)); let c14 = high(p, q);
  q = v128.load64_splat(b, 64); c14 = plus(c14, low(p, q)); let c15 = high(p, q);
  v128.store(r, c6, 96);
  v128.store(r, c7, 112);
  p = v128.load64_zero(a, 64);
  q = v128.load64_splat(b, 0); c8 = plus(c8, low(p, q));
  q = v128.load64_splat(b, 8); c9 = plus(c9, low(p, q));
  q = v128.load64_splat(b, 16); c10 = plus(c10, low(p, q));
  q = v128.load64_splat(b, 24); c11 = plus(c11, low(p, q));
  q = v128.load64_splat(b, 32); c12 = plus(c12, low(p, q));
  q = v128.load64_splat(b, 40); c13 = plus(c13, low(p, q));
  q = v128.load64_splat(b, 48); c14 = plus(c14, low(p, q));
  q = v128.load64_splat(b, 56); c15 = plus(c15, low(p, q));
  q = v128.load64_splat(b, 64); let c16 = low(p, q);
  v128.store(r, c8, 128);
  v128.store(r, c9, 144);
  v128.store(r, c10, 160);
  v128.store(r, c11, 176);
  v128.store(r, c12, 192);
  v128.store(r, c13, 208);
  v128.store(r, c14, 224);
  v128.store(r, c15, 240);
  v128.store(r, c16, 256);
}

/** As `product9` with both factors equal. Products of two limbs count twice. */
export function square9(r: usize, a: usize): void {
  let p: v128, d: v128, q: v128;
  p = v128.load(a, 0);
  d = i32x4.shl(p, 1);
  q = v128.load64_splat(a, 0); let c0 = low(p, q);
  q = v128.load64_splat(a, 8); let c1 = low(d, q); let c2 = high(p, q);
  q = v128.load64_splat(a, 16); c2 = plus(c2, low(d, q)); let c3 = high(d, q);
  q = v128.load64_splat(a, 24); c3 = plus(c3, low(d, q)); let c4 = high(d, q);
  q = v128.load64_splat(a, 32); c4 = plus(c4, low(d, q)); let c5 = high(d, q);
  q = v128.load64_splat(a, 40); c5 = plus(c5, low(d, q)); let c6 = high(d, q);
  q = v128.load64_splat(a, 48); c6 = plus(c6, low(d, q)); let c7 = high(d, q);
  q = v128.load64_splat(a, 56); c7 = plus(c7, low(d, q)); let c8 = high(d, q);
  q = v128.load64_splat(a, 64); c8 = plus(c8, low(d, q)); let c9 = high(d, q);
  v128.store(r, c0, 0);
  v128.store(r, c1, 16);
  v128.store(r, c2, 32);
  v128.store(r, c3, 48);
  p = v128.load(a, 16);
  d = i32x4.shl(p, 1);
  q = v128.load64_splat(a, 16); c4 = plus(c4, low(p, q));
  q = v128.load64_splat(a, 24); c5 = plus(c5, low(d, q)); c6 = plus(c6, high(p, q));
  q = v128.load64_splat(a, 32); c6 = plus(c6, low(d, q)); c7 = plus(c7, high(d, q));
  q = v128.load64_splat(a, 40); c7 = plus(c7, low(d, q)); c8 = plus(c8, high(d, q));
  q = v128.load64_splat(a, 48); c8 = plus(c8, low(d, q)); c9 = plus(c9, high(d, q));
  q = v128.load64_splat(a, 56); c9 = plus(c9, low(d, q)); let c10 = high(d, q);
  q = v128.load64_splat(a, 64); c10 = plus(c10, low(d, q)); let c11 = high(d, q);
  v128.store(r, c4, 64);
  v128.store(r, c5, 80);
  v128.store(r, c6, 96);
  v128.store(r, c7, 112);
  p = v128.load(a, 32);
  d = i32x4.shl(p, 1);
  q = v128.load64_splat(a, 32); c8 = plus(c8, low(p, q));
  q = v128.load64_splat(a, 40); c9 = plus(c9, low(d, q)); c10 = plus(c10, high(p, q));
  q = v128.load64_splat(a, 48); c10 = plus(c10, low(d, q)); c11 = plus(c11, high(d, q));
  q = v128.load64_splat(a, 56); c11 = plus(c11, low(d, q)); let c12 = high(d, q);
  q = v128.load64_splat(a, 64); c12 = plus(c12, low(d, q)); let c13 = high(d, q);
  v128.store(r, c8, 128);
  v128.store(r, c9, 144);
  v128.store(r, c10, 160);
  v128.store(r, c11, 176);
  p = v128.load(a, 48);
  d = i32x4.shl(p, 1);
  q = v128.load64_splat(a, 48); c12 = plus(c12, low(p, q));
  q = v128.load64_splat(a, 56); c13 = plus(c13, low(d, q)); let c14 = high(p, q);
  q = v128.load64_splat(a, 64); c14 = plus(c14, low(d, q)); let c15 = high(d, q);
  v128.store(r, c12, 192);
  v128.store(r, c13, 208);
  v128.store(r, c14, 224);
  v128.store(r, c15, 240);
  p = v128.load64_zero(a, 64);
  q = v128.load64_splat(a, 64); let c16 = low(p, q);
  v128.store(r, c16, 256);
}
