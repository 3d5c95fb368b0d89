/** The first bytes of the place that a seal has in its file. */
const begin = 'KABINET-RECEIPT-SEAL-1 ';
const end = '\n';

/** A place for a seal of `length` characters, still empty. */
export function emptyPlace(length: number): string {
  return `${begin}${' '.repeat(length)}${end}`;
}

/** Where the place is in a file. Bytes. */
export interface SealPlace {
  readonly offset: number;
  readonly length: number;
}

/**
 * Finds the one place of a file. Undefined when there is none, or more than one: which of them is
 * meant must not be a question.
 */
export function findPlace(file: Uint8Array): SealPlace | undefined {
  const offset = indexOf(file, begin, 0);
  if (offset < 0 || indexOf(file, begin, offset + 1) >= 0) return undefined;
  const last = indexOf(file, end, offset);
  return last < 0 ? undefined : { offset, length: last + end.length - offset };
}

/** The seal in a place, without the spaces after it. */
export function sealIn(file: Uint8Array, { offset, length }: SealPlace): string {
  const bytes = file.subarray(offset + begin.length, offset + length - end.length);
  return new TextDecoder('latin1').decode(bytes).trimEnd();
}

/** The file with `seal` in its place. @throws when the seal is longer than the place */
export function fillPlace(file: Uint8Array, { offset, length }: SealPlace, seal: string): Uint8Array {
  const room = length - begin.length - end.length;
  if (seal.length > room) throw new Error(`a seal of ${seal.length} characters has room for ${room}`);
  const filled = Uint8Array.from(file);
  filled.set(new TextEncoder().encode(seal.padEnd(room)), offset + begin.length);
  return filled;
}

/** SHA-256 over everything but the place, base64url. Runs in Node.js and in browsers. */
export async function digestAround(file: Uint8Array, { offset, length }: SealPlace): Promise<string> {
  const around = new Uint8Array(file.length - length);
  around.set(file.subarray(0, offset));
  around.set(file.subarray(offset + length), offset);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', around));
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function indexOf(file: Uint8Array, text: string, from: number): number {
  const wanted = new TextEncoder().encode(text);
  const first = wanted[0] as number;
  for (let at = file.indexOf(first, from); at >= 0; at = file.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => file[at + index] === byte)) return at;
  }
  return -1;
}
