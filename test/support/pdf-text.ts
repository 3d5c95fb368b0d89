import { inflateSync } from 'node:zlib';

/** The content of a PDF that pdfkit wrote, as a reader shows it. */
export interface PdfContent {
  /** Each run of text in the order of the file, decoded with the fonts' own maps to Unicode. */
  readonly lines: readonly string[];
  readonly pages: number;
  /** Everything that is not compressed: catalogue, structure and metadata. */
  readonly objects: string;
}

/**
 * Reads the text by the ToUnicode maps of the embedded fonts, like copying from a viewer. Throws
 * for a glyph without a map. It needs no other program, so that no test of a PDF is skipped. It
 * only understands what pdfkit writes.
 */
export function readPdf(file: Buffer): PdfContent {
  const objects = new Map<string, string>();
  for (const [, id = '', body = ''] of file.toString('latin1').matchAll(/^(\d+) 0 obj\n(.*?)\nendobj/gms)) {
    objects.set(id, body);
  }
  const maps = new Map<string, ReadonlyMap<string, string>>();
  for (const body of objects.values()) {
    for (const [, name = '', font = ''] of body.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const map = /\/ToUnicode (\d+) 0 R/.exec(objects.get(font) ?? '')?.[1];
      if (map !== undefined) maps.set(name, readMap(streamOf(objects.get(map) ?? '')));
    }
  }
  const lines: string[] = [];
  let pages = 0;
  for (const body of objects.values()) {
    const contents = /\/Contents (\d+) 0 R/.exec(body)?.[1];
    if (contents === undefined) continue;
    pages++;
    let map: ReadonlyMap<string, string> | undefined;
    const stream = streamOf(objects.get(contents) ?? '');
    for (const [, font, text = ''] of stream.matchAll(/\/(F\d+) [\d.]+ Tf|\[(.*?)\] TJ/g)) {
      if (font === undefined) lines.push(readRun(text, map));
      else map = maps.get(font);
    }
  }
  const open = [...objects.values()].filter((body) => !body.includes('/Filter')).join('\n');
  return { lines, pages, objects: Buffer.from(open, 'latin1').toString() };
}

/**
 * The QR that is drawn in a PDF: its dark rectangles, in modules. The only rectangles of one unit's
 * height are its own.
 */
export function drawnQr(file: Buffer): {
  readonly size: number;
  readonly runs: readonly (readonly [x: number, y: number, length: number])[];
  /** The distance from the top of its page, in points. */
  readonly top: number;
} {
  const bodies = [...file.toString('latin1').matchAll(/^\d+ 0 obj\n(.*?)\nendobj/gms)].map(
    ([, body = '']) => body,
  );
  const drawings = bodies
    .filter((body) => body.includes('/FlateDecode') && !/\/Subtype|\/Length1/.test(body))
    .map(streamOf);
  const drawing = drawings.find((one) => / 1 re$/m.test(one)) ?? '';
  const runs = [...drawing.matchAll(/^(\d+) (\d+) (\d+) 1 re$/gm)].map(
    ([, x, y, length]) => [Number(x), Number(y), Number(length)] as const,
  );
  // The scale has six digits, because a code has no round number of modules.
  const place = /^1 0 0 1 [\d.]+ ([\d.]+) cm\n\d\.\d{5,} 0 0 \d\.\d{5,} 0 0 cm$/m.exec(drawing);
  const top = Number(place?.[1]);
  return { size: Math.max(...runs.map(([x, , length]) => x + length)) + 4, runs, top };
}

function streamOf(body: string): string {
  const start = body.indexOf('stream\n') + 'stream\n'.length;
  const bytes = Buffer.from(body.slice(start, body.lastIndexOf('\nendstream')), 'latin1');
  return body.includes('/FlateDecode') ? inflateSync(bytes).toString('latin1') : bytes.toString('latin1');
}

function readMap(cmap: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [, first = '', list = ''] of cmap.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[(.*?)\]/gs)) {
    [...list.matchAll(/<([0-9a-f ]*)>/g)].forEach(([, hex = ''], index) => {
      const glyph = (Number.parseInt(first, 16) + index).toString(16).padStart(4, '0');
      map.set(glyph, Buffer.from(hex.replace(/ /g, ''), 'hex').swap16().toString('utf16le'));
    });
  }
  return map;
}

function readRun(text: string, map: ReadonlyMap<string, string> | undefined): string {
  const glyphs = [...text.matchAll(/<([0-9a-f]*)>/g)].flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? []);
  return glyphs
    .map((glyph) => {
      const characters = map?.get(glyph);
      if (characters === undefined) throw new Error(`glyph ${glyph} cannot be copied as text`);
      return characters;
    })
    .join('');
}
