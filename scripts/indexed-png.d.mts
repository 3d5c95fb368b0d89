/** Rewrites a PNG with at most 256 colours, or 16. */
export function indexed(png: Buffer, most?: 16 | 256): Buffer;
/** The pixels of a PNG, each as one number `0xRRGGBB`. */
export function decode(png: Buffer): {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
};
