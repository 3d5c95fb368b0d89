/** Rewrites a PNG with at most 256 colours. */
export function indexed(png: Buffer): Buffer;
/** The pixels of a PNG, each as one number `0xRRGGBB`. */
export function decode(png: Buffer): {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
};
