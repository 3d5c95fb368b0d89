import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compress } from './compression.ts';

const page = (letters: number) => 'Қазақстан азаматының деректемелері. '.repeat(letters).slice(0, letters);

describe('a page is compressed', () => {
  test.each([
    ['of 600 letters', 600],
    ['of 20,000 letters, at once', 20_000],
    ['of 200,000 letters, in the pool', 200_000],
  ])('%s: what the browser unpacks is the page', async (_name, letters) => {
    const text = page(letters);
    const br = await compress(text, 'gzip, deflate, br');
    expect(br?.encoding).toBe('br');
    expect(brotliDecompressSync(br?.body ?? '').toString()).toBe(text);
    const zipped = await compress(text, 'gzip, br;q=0');
    expect(zipped?.encoding).toBe('gzip');
    expect(gunzipSync(zipped?.body ?? '').toString()).toBe(text);
  });

  test('in the thread pool only when it is long', () => {
    expect(compress(page(10_000), 'br')).not.toBeInstanceOf(Promise);
    expect(compress(page(100_000), 'br')).toBeInstanceOf(Promise);
  });

  test.each([
    ['short pages are sent as they are', page(500), 'br'],
    ['a browser that says nothing', page(5_000), undefined],
    ['a browser that takes neither', page(5_000), 'deflate, br;q=0, gzip;q=0.0'],
  ])('%s', async (_name, text, accepts) => {
    expect(await compress(text, accepts)).toBe(undefined);
  });
});
