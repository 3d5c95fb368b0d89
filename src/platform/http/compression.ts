import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';
import { compressShared, type SharedPage } from './shared-compression.ts';

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Compressing a page shorter than this saves nothing. Characters. */
const least = 512;

/**
 * The largest page that is compressed on this thread, in bytes; it takes about 0.3 ms. Handing such
 * a page to the thread pool costs more CPU time than compressing it. A larger page would hold up
 * other requests.
 */
const atOnce = 48 * 1024;

/**
 * Quality 5 would take two and a half times as long (0.19 instead of 0.08 ms for the requisites)
 * and make a page of 4.5 KB 0.7 KB shorter. A window of 64 KB holds a whole page. The default of
 * 4 MB is allocated and cleared for each page, with the same result.
 */
const brotliOptions = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 3,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_LGWIN]: 16,
  },
  // One piece of memory for a usual page. The default is 16 KB.
  chunkSize: 8 * 1024,
};

/** A compressed page. */
export interface Compressed {
  readonly body: Buffer;
  readonly encoding: 'br' | 'gzip';
}

/**
 * Compresses a whole page in the encoding that the browser prefers. Pages are complete strings
 * here, so no streams are needed. Undefined for a short page, or when the browser accepts neither
 * encoding.
 * @param shared the page, if everybody gets it; it was compressed before
 */
export function compress(
  page: string,
  acceptEncoding: string | undefined,
  shared?: SharedPage,
): Compressed | undefined | Promise<Compressed> {
  if (page.length < least || acceptEncoding === undefined) return undefined;
  const encoding = preferred(acceptEncoding);
  if (encoding === undefined) return undefined;
  const before = encoding === 'br' && shared?.html === page ? compressShared(shared) : undefined;
  if (before) return { body: before, encoding };
  const bytes = Buffer.from(page);
  if (bytes.length > atOnce) return compressInPool(bytes, encoding);
  const body = encoding === 'br' ? brotliCompressSync(bytes, brotliOptions) : gzipSync(bytes);
  return { body, encoding };
}

async function compressInPool(bytes: Buffer, encoding: Compressed['encoding']): Promise<Compressed> {
  const body = await (encoding === 'br' ? brotli(bytes, brotliOptions) : zip(bytes));
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
