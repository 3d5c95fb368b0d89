import { randomBytes } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { kk } from '../../texts/kk.ts';
import { compressAround, compressShared } from './shared-compression.ts';

const field = '<input type="hidden" name="csrf" value="';
const rest = (texts: object) => `"/><p>${JSON.stringify(texts)}</p>`;
const around = [`<!doctype html>${field}`, `${rest(kk.signIn)}${field}`, rest(kk.session)];
const tokens = Array.from({ length: 200 }, () => randomBytes(64).toString('base64url'));

async function ready(page: readonly string[], token: string): Promise<Buffer> {
  // The compression waits for a thread, and other tests may hash passwords in all of them.
  const look = () => {
    const made = compressShared({ around: page, token });
    if (!made) throw new Error('not ready');
    return made;
  };
  return vi.waitFor(look, { timeout: 20_000 });
}

test('each token is in its own page, and nothing else differs', async () => {
  await ready(around, tokens[0] as string);
  for (const token of [...tokens, field.repeat(3).slice(0, 86), `${'"/><'.repeat(21)}--`]) {
    const made = compressShared({ around, token });
    expect(made && brotliDecompressSync(made).toString()).toBe(around.join(token));
  }
});

test('the page is hardly longer than one that is compressed for each answer', async () => {
  const [token = ''] = tokens;
  const made = await ready(around, token);
  const usual = brotliCompressSync(around.join(token), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  expect(made.length).toBeLessThan(usual.length * 1.05);
});

test('a token of another length, and one at the very end, go the usual way', async () => {
  await ready(around, tokens[0] as string);
  expect(compressShared({ around, token: 'short' })).toBe(undefined);
  expect(await compressAround(['<p>', '"'], 86)).toBe(undefined);
  expect(await compressAround(around, 0)).toBe(undefined);
});

test('a page without a token is compressed once too', async () => {
  const page = [rest(kk.session)];
  expect(brotliDecompressSync(await ready(page, 'token')).toString()).toBe(page[0]);
});
