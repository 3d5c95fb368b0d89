/**
 * GOST 34.311-95 (GOST R 34.11-94, RFC 5831) with the test S-box of RFC 4357, which Kazakhstan
 * uses. Only archived signatures need it.
 */
import { fromHex } from './platform.ts';

/** Rows K1 to K8, one hexadecimal digit for each value. */
const ROWS = [
  '4a92d80e6b1c7f53',
  'eb4c6dfa23810759',
  '581da342efc7609b',
  '7da1089fe46cb253',
  '6c715fd84a9e03b2',
  '4ba0721d36859cfe',
  'db413f590ae7682c',
  '1fd057a4923e6b8c',
];

/** The substitution of a byte at its place, already rotated left by 11. */
const BOXES = [0, 1, 2, 3].map((place) =>
  Int32Array.from({ length: 256 }, (_, value) => {
    const low = Number.parseInt(ROWS[2 * place]?.[value & 15] ?? '', 16);
    const high = Number.parseInt(ROWS[2 * place + 1]?.[value >> 4] ?? '', 16);
    const word = ((high << 4) | low) << (8 * place);
    return (word << 11) | (word >>> 21);
  }),
);

/** The third step's constant, lowest byte first. */
const C3 = fromHex('ff00ffff000000ffff0000ff00ffff0000ff00ff00ff00ffff00ff00ff00ff00').reverse();

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

/** One block of GOST 28147-89: 32 rounds. */
function encrypt(key: Uint8Array, input: Uint8Array, at: number, output: Uint8Array): void {
  let n1 = word(input, at);
  let n2 = word(input, at + 4);
  for (let round = 0; round < 32; round++) {
    const part = round < 24 ? round & 7 : 31 - round;
    const sum = (n1 + word(key, part * 4)) | 0;
    const next =
      n2 ^
      (BOXES[0]?.[sum & 255] ?? 0) ^
      (BOXES[1]?.[(sum >>> 8) & 255] ?? 0) ^
      (BOXES[2]?.[(sum >>> 16) & 255] ?? 0) ^
      (BOXES[3]?.[sum >>> 24] ?? 0);
    n2 = n1;
    n1 = next;
  }
  for (let i = 0; i < 4; i++) {
    output[at + i] = n2 >>> (8 * i);
    output[at + 4 + i] = n1 >>> (8 * i);
  }
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}

/** A(y4 | y3 | y2 | y1) = (y1 xor y2) | y4 | y3 | y2, where y1 is the lowest eight bytes. */
function shift8(y: Uint8Array): Uint8Array {
  const result = new Uint8Array(32);
  result.set(y.subarray(8));
  for (let i = 0; i < 8; i++) result[24 + i] = (y[i] ?? 0) ^ (y[8 + i] ?? 0);
  return result;
}

function transpose(y: Uint8Array): Uint8Array {
  const result = new Uint8Array(32);
  for (let i = 0; i < 4; i++) for (let k = 0; k < 8; k++) result[i + 4 * k] = y[8 * i + k] ?? 0;
  return result;
}

/**
 * Applies psi `times` times: sixteen words of two bytes shift by one, and the new top word is the
 * sum of words 1, 2, 3, 4, 13 and 16.
 */
function stir(y: Uint8Array, times: number): Uint8Array {
  const result = Uint8Array.from(y);
  for (let turn = 0; turn < times; turn++) {
    const feed = (k: number): number =>
      (result[k] ?? 0) ^
      (result[2 + k] ?? 0) ^
      (result[4 + k] ?? 0) ^
      (result[6 + k] ?? 0) ^
      (result[24 + k] ?? 0) ^
      (result[30 + k] ?? 0);
    const [low, high] = [feed(0), feed(1)];
    result.copyWithin(0, 2);
    result[30] = low;
    result[31] = high;
  }
  return result;
}

function step(h: Uint8Array, m: Uint8Array): Uint8Array {
  let u = h;
  let v = m;
  const s = Uint8Array.from(h);
  for (let i = 0; i < 4; i++) {
    if (i > 0) {
      u = shift8(u);
      if (i === 2) u = xor(u, C3);
      v = shift8(shift8(v));
    }
    encrypt(transpose(xor(u, v)), h, 8 * i, s);
  }
  return stir(xor(h, stir(xor(m, stir(s, 12)), 1)), 61);
}

/** The digest, 32 bytes. */
export function gost94(message: Uint8Array): Uint8Array {
  let h: Uint8Array = new Uint8Array(32);
  const sum = new Uint8Array(32);
  for (let at = 0; at < message.length; at += 32) {
    const block = new Uint8Array(32);
    block.set(message.subarray(at, at + 32));
    let carry = 0;
    for (let i = 0; i < 32; i++) {
      const total = (sum[i] ?? 0) + (block[i] ?? 0) + carry;
      sum[i] = total;
      carry = total >> 8;
    }
    h = step(h, block);
  }
  const length = new Uint8Array(32);
  new DataView(length.buffer).setBigUint64(0, BigInt(message.length) * 8n, true);
  return step(step(h, length), sum);
}
