import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { brotliDecompressSync, constants, createBrotliCompress } from 'node:zlib';

/** A page that is the same for everybody, but for the token of its forms. */
export interface SharedPage {
  readonly html: string;
  /** The HTML before, between and after the tokens. It is the same array for every answer. */
  readonly around: readonly string[];
  readonly token: string;
}

/** A page that was compressed once, with gaps for the token. */
interface Prepared {
  readonly tokenLength: number;
  /** The compressed HTML before, between and after the gaps. */
  readonly parts: readonly Buffer[];
  /** The two bytes after each gap. They travel with the token. */
  readonly tails: readonly Buffer[];
}

const prepared = new WeakMap<readonly string[], Prepared | 'never' | 'soon'>();

/**
 * Puts a token into a page that was compressed before, as a block that is stored and not
 * compressed. Undefined until that is ready, and where it cannot be done.
 */
export function compressShared({ around, token }: Pick<SharedPage, 'around' | 'token'>): Buffer | undefined {
  const known = prepared.get(around);
  if (known === undefined) {
    prepared.set(around, 'soon');
    compressAround(around, Buffer.byteLength(token)).then(
      (made) => prepared.set(around, made ?? 'never'),
      () => prepared.set(around, 'never'),
    );
  }
  return typeof known === 'object' && known.tokenLength === Buffer.byteLength(token)
    ? join(known, token)
    : undefined;
}

/**
 * Compresses the page once, at the highest quality. Brotli is flushed around each gap, so the block
 * between can be exchanged for another of the same length.
 *
 * @internal A test asks what cannot be prepared.
 */
export async function compressAround(
  around: readonly string[],
  tokenLength: number,
): Promise<Prepared | undefined> {
  const [first = '', ...others] = around;
  const texts = others.map((text) => Buffer.from(text));
  // How Brotli reads a byte may depend on the two before it, so those are the same each time.
  if (tokenLength === 0 || texts.some((text) => text.length < 4)) return undefined;
  const tails = texts.map((text) => text.subarray(0, 2));
  const encoder = createBrotliCompress({
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_LGWIN]: 16,
    },
  });
  const made: Buffer[] = [];
  encoder.on('data', (chunk: Buffer) => made.push(chunk));
  const flushed = async (bytes: Uint8Array | string): Promise<Buffer> => {
    encoder.write(bytes);
    await new Promise<void>((resolve) => encoder.flush(constants.BROTLI_OPERATION_FLUSH, resolve));
    return Buffer.concat(made.splice(0));
  };
  const parts = [await flushed(first)];
  for (const text of texts) {
    // Random bytes repeat nothing and nothing repeats them, so the encoder keeps no memory of them.
    await flushed(Buffer.concat([randomBytes(tokenLength), text.subarray(0, 2)]));
    parts.push(await flushed(text.subarray(2)));
  }
  const ended = once(encoder, 'end');
  encoder.end();
  await ended;
  parts.push(Buffer.concat(made));
  const page = { tokenLength, parts, tails };
  // With two tokens that share no byte, a reference into a gap would be wrong in one of them.
  const holds = ['A', 'b'].every((letter) => {
    const token = letter.repeat(tokenLength);
    return brotliDecompressSync(join(page, token)).toString() === around.join(token);
  });
  return holds ? page : undefined;
}

function join({ parts, tails }: Prepared, token: string): Buffer {
  const pieces: Buffer[] = [];
  parts.forEach((part, index) => {
    pieces.push(part);
    const tail = tails[index];
    if (tail) pieces.push(stored(Buffer.concat([Buffer.from(token), tail])));
  });
  return Buffer.concat(pieces);
}

/**
 * A block of Brotli that is not compressed (RFC 7932, 9.2): not the last one, its length in 16
 * bits, the sign that it is stored, then the bytes.
 */
function stored(bytes: Buffer): Buffer {
  const head = ((bytes.length - 1) << 3) | (1 << 19);
  return Buffer.concat([Buffer.from([head & 255, (head >> 8) & 255, (head >> 16) & 255]), bytes]);
}
