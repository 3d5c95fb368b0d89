/** A text split for sending: at most 140 bytes in each part. */
export interface SmsParts {
  /**
   * `gsm`: the 7-bit alphabet of GSM 03.38. `ucs2`: everything else, including every text in Kazakh
   * or Russian.
   */
  readonly encoding: 'gsm' | 'ucs2';
  readonly parts: readonly string[];
}

/**
 * The GSM 03.38 alphabet, each character at the index of its code. The escape to its extension is
 * at 27.
 */
const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** The extension of the alphabet. Each character needs an escape before it. */
const extension: Readonly<Record<string, number>> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
};
const shift = 0x1b;

/**
 * Units in a message of one part, and in each of several parts, which are joined by a header of six
 * bytes.
 */
const room = { gsm: { alone: 160, joined: 153 }, ucs2: { alone: 70, joined: 67 } } as const;

/**
 * Splits a text into as few SMS parts as possible: 160 characters (153 in each of several) when the
 * GSM alphabet has all of them, otherwise 70 (67). No part ends inside a character.
 */
export function smsParts(text: string): SmsParts {
  const characters = [...text];
  const encoding = characters.every((one) => gsmUnits(one) !== undefined) ? 'gsm' : 'ucs2';
  const size = (one: string) => (encoding === 'gsm' ? (gsmUnits(one) ?? []).length : one.length);
  const { alone, joined } = room[encoding];
  const length = characters.reduce((sum, one) => sum + size(one), 0);
  if (length <= alone) return { encoding, parts: [text] };
  const full: string[] = [];
  let part = '';
  let used = 0;
  for (const one of characters) {
    if (used + size(one) > joined) {
      full.push(part);
      part = '';
      used = 0;
    }
    part += one;
    used += size(one);
  }
  return { encoding, parts: [...full, part] };
}

/**
 * The bytes of one part as SMPP carries them: GSM characters unpacked, one per byte; UCS-2 with the
 * high byte first.
 */
export function smsBytes(encoding: SmsParts['encoding'], part: string): Buffer {
  if (encoding === 'ucs2') return Buffer.from(part, 'utf16le').swap16();
  return Buffer.from([...part].flatMap((one) => gsmUnits(one) ?? []));
}

function gsmUnits(character: string): readonly number[] | undefined {
  const extended = extension[character];
  if (extended !== undefined) return [shift, extended];
  const code = basic.indexOf(character);
  return code === -1 || code === shift ? undefined : [code];
}
