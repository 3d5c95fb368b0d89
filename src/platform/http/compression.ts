import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Pages shorter than this gain nothing, characters. */
const least = 512;

/**
 * Longest page that is compressed at once, bytes. It takes about half a millisecond. The thread pool
 * costs more CPU than that page: the work is handed over and back, by streams and buffers. A longer
 * page would hold up the others.
 */
const atOnce = 48 * 1024;

/**
 * A window of 64 KB, which holds a whole page. The default of 4 MB is allocated and cleared for
 * each page, and the bytes come out the same.
 */
const brotliParams = {
  [constants.BROTLI_PARAM_QUALITY]: 5,
  [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  [constants.BROTLI_PARAM_LGWIN]: 16,
};

/** A compressed page. */
export interface Compressed {
  readonly body: Buffer;
  readonly encoding: 'br' | 'gzip';
}

/**
 * Compresses a whole page the way the browser prefers. Pages are complete strings here, so no
 * streams are needed. Undefined for a short page or a browser that takes neither encoding.
 */
export function compress(
  page: string,
  acceptEncoding: string | undefined,
): Compressed | undefined | Promise<Compressed> {
  if (page.length < least || acceptEncoding === undefined) return undefined;
  const encoding = preferred(acceptEncoding);
  if (encoding === undefined) return undefined;
  const bytes = Buffer.from(page);
  if (bytes.length > atOnce) return compressInPool(bytes, encoding);
  const body = encoding === 'br' ? brotliCompressSync(bytes, { params: brotliParams }) : gzipSync(bytes);
  return { body, encoding };
}

async function compressInPool(bytes: Buffer, encoding: Compressed['encoding']): Promise<Compressed> {
  const body = await (encoding === 'br' ? brotli(bytes, { params: brotliParams }) : zip(bytes));
  return { body, encoding };
}

function preferred(header: string): Compressed['encoding'] | undefined {
  if (accepts(header, 'br')) return 'br';
  return accepts(header, 'gzip') ? 'gzip' : undefined;
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((part) => {
    const [name, ...parameters] = part.trim().toLowerCase().split(';');
    return name === encoding && !parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter));
  });
}
