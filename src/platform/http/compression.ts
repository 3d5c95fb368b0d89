import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Pages shorter than this gain nothing. */
const least = 512;

/**
 * Compresses a whole page the way the browser prefers. Pages are complete strings here, so one call
 * off the event loop does it without the streams that a general plugin needs.
 */
export async function compress(
  page: string,
  acceptEncoding: string | undefined,
): Promise<{ readonly body: Buffer; readonly encoding: 'br' | 'gzip' } | undefined> {
  if (page.length < least || acceptEncoding === undefined) return undefined;
  if (accepts(acceptEncoding, 'br')) {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    };
    return { body: await brotli(page, { params }), encoding: 'br' };
  }
  if (accepts(acceptEncoding, 'gzip')) return { body: await zip(page), encoding: 'gzip' };
  return undefined;
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((part) => {
    const [name, ...parameters] = part.trim().toLowerCase().split(';');
    return name === encoding && !parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter));
  });
}
