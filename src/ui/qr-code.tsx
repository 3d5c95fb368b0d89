import encodeQR from 'qr';

/** A QR code as an SVG path: one square unit for each module, the quiet zone included. */
export interface QrShape {
  /** The width and height in units. */
  readonly size: number;
  /** The dark modules, as rows of rectangles. */
  readonly path: string;
}

/** Modules of white around the code, as the standard asks. */
const quiet = 4;

/** The dark modules of a QR code, as rectangles of one unit's height. */
export interface QrRuns {
  /** The width and height in units, the quiet zone included. */
  readonly size: number;
  readonly runs: readonly (readonly [x: number, y: number, length: number])[];
}

/** Encodes a text with error correction M, which older cameras read from a screen. */
export function qrRuns(text: string): QrRuns {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: quiet });
  const runs = rows.flatMap((row, y) => runsOf(row).map(([x, length]) => [x, y, length] as const));
  return { size: rows.length, runs };
}

/** The same as the path of an SVG. */
export function qrShape(text: string): QrShape {
  const { size, runs } = qrRuns(text);
  return { size, path: runs.map(([x, y, length]) => `M${x} ${y}h${length}v1h-${length}z`).join('') };
}

/** The runs of dark modules in a row: where each begins, and its length. */
function runsOf(row: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  row.forEach((dark, x) => {
    const last = runs.at(-1);
    if (dark && last && last[0] + last[1] === x) last[1] += 1;
    else if (dark) runs.push([x, 1]);
  });
  return runs;
}

interface QrCodeProps {
  readonly text: string;
  /** What to do with it, for who does not see it. Never what it holds. */
  readonly label: string;
}

/**
 * A QR code. It is dark on light in every theme, because many scanners read no other. A script may
 * replace it by another one of the same size.
 */
export function QrCode({ text, label }: QrCodeProps) {
  const { size, path } = qrShape(text);
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shape-rendering="crispEdges"
    >
      <path fill="#fff" d={`M0 0h${size}v${size}h-${size}z`} />
      <path fill="#000" d={path} data-qr="" />
    </svg>
  );
}
