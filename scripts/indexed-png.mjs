// Makes a picture small enough for the repository: at most 256 colours, one byte for each pixel, or
// at most 16 in half a byte. A
// page has few colours and their shades at the edges of letters, so nobody sees the difference.
// Only Node.js is needed, so the command runs wherever the service does.

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/**
 * Rewrites a PNG of 8 bits for each channel, without transparency and interlacing, as Chromium
 * makes it.
 * @param {Buffer} png
 * @param {number} most the most colours: 256, or 16
 * @returns {Buffer}
 */
export function indexed(png, most = 256) {
  const { width, height, pixels } = decode(png);
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = paletteOf(counts, most);
  const indexes = new Map(palette.map((colour, index) => [colour, index]));
  const bits = most <= 16 ? 4 : 8;
  const length = Math.ceil((width * bits) / 8) + 1;
  const lines = Buffer.alloc(length * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = pixels[y * width + x];
      let index = indexes.get(colour);
      if (index === undefined) {
        index = nearest(palette, colour);
        indexes.set(colour, index);
      }
      if (bits === 8) lines[y * length + 1 + x] = index;
      else lines[y * length + 1 + (x >> 1)] |= x % 2 === 0 ? index << 4 : index;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/**
 * The pixels of a PNG, each as one number `0xRRGGBB`.
 * @param {Buffer} png
 */
export function decode(png) {
  if (!png.subarray(0, 8).equals(signature)) throw new Error('this is no PNG');
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const [depth, kind, , , interlaced] = png.subarray(24, 29);
  const bytes = { 2: 3, 3: 1, 6: 4 }[kind];
  if (depth !== 8 || bytes === undefined || interlaced) throw new Error('a PNG of an unknown form');
  const parts = [];
  let palette = Buffer.alloc(0);
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const data = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    const name = png.toString('latin1', at + 4, at + 8);
    if (name === 'IDAT') parts.push(data);
    if (name === 'PLTE') palette = data;
  }
  const lines = unfiltered(inflateSync(Buffer.concat(parts)), width * bytes, height, bytes);
  const pixels = new Uint32Array(width * height);
  for (let at = 0; at < pixels.length; at++) {
    const [source, from] = kind === 3 ? [palette, lines[at] * 3] : [lines, at * bytes];
    pixels[at] = (source[from] << 16) | (source[from + 1] << 8) | source[from + 2];
  }
  return { width, height, pixels };
}

/** Undoes the filters of a PNG's lines, each of which begins with the number of its filter. */
function unfiltered(data, length, height, bytes) {
  const out = Buffer.alloc(length * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (length + 1)];
    for (let x = 0; x < length; x++) {
      const at = y * length + x;
      const left = x < bytes ? 0 : out[at - bytes];
      const up = y === 0 ? 0 : out[at - length];
      const corner = x < bytes || y === 0 ? 0 : out[at - length - bytes];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[at] = data[y * (length + 1) + 1 + x] + guess;
    }
  }
  return out;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(guess - value));
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** The colours that most pixels have, none of them close to a more frequent one. */
function paletteOf(counts, mostColours) {
  const ordered = [...counts].sort(([one, few], [other, many]) => many - few || one - other);
  if (ordered.length <= mostColours) return ordered.map(([colour]) => colour);
  for (let apart = 4; ; apart *= 2) {
    const chosen = [];
    for (const [colour] of ordered) {
      if (chosen.every((other) => distance(colour, other) > apart)) chosen.push(colour);
      if (chosen.length > mostColours) break;
    }
    if (chosen.length <= mostColours) return chosen;
  }
}

function nearest(palette, colour) {
  let best = 0;
  for (const [index, other] of palette.entries())
    if (distance(colour, other) < distance(colour, palette[best])) best = index;
  return best;
}

function distance(one, other) {
  return channels(one).reduce((sum, value, at) => sum + (value - channels(other)[at]) ** 2, 0);
}

function channels(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
