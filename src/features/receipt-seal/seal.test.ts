import { CompactSign } from 'jose';
import decodeQR from 'qr/decode.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawnQr } from '../../../test/support/pdf-text.ts';
import { newSealKey } from '../../../test/support/seal-keys.ts';
import { checkSeal } from '../../receipt/check-seal.ts';
import { emptyPlace, findPlace, sealIn } from '../../receipt/place.ts';
import { openCode } from '../../receipt/receipt-code.ts';
import type { SealedContent } from '../../receipt/sealed-content.ts';
import { qrRuns } from '../../ui/qr-code.tsx';
import { type ReceiptDocument, receiptPdf } from '../changes/receipt-pdf.ts';
import { sealFile, sealLength, signCode } from './seal.ts';
import { readSealKeys, type SealKeys } from './seal-keys.ts';

// Whoever changes anything in a sealed receipt, a byte of a font included, breaks the seal.

const content: SealedContent = {
  version: 1,
  origin: 'https://cabinet.enpf.kz',
  number: '7F3K92QX0ABC',
  madeAt: '2026-11-22T09:15:00.000Z',
  holder: { name: 'САПАРОВА Әйгерім', iin: '90••••••0007' },
  document: 'identity-card 041234567',
  changes: [{ field: 'address', old: null, new: 'Әл-Фараби даңғылы, 77/7' }],
  proof: 'password-session',
  state: 'applied',
  log: null,
};

const receipt: ReceiptDocument = {
  language: 'kk',
  cabinet: 'Жеке кабинет',
  fund: 'Қор',
  title: 'Өзгерістер',
  lead: 'Сақталды',
  number: content.number,
  madeAt: new Date(content.madeAt),
  facts: [{ term: 'Түбіртек нөмірі', value: content.number }],
  changes: {
    title: 'Өзгерістер',
    words: { field: 'Деректеме', before: 'Бұрынғы', after: 'Жаңа', empty: 'жоқ' },
    rows: [{ field: 'Мекенжай', before: null, after: 'Әл-Фараби даңғылы, 77/7' }],
  },
  next: { title: 'Әрі қарай', text: 'Қорға жетеді.' },
  check: {
    title: 'Тексеру',
    text: 'Кодты сканерлеңіз.',
    qrLabel: 'QR',
    encode: qrRuns,
    origin: content.origin,
  },
  footer: 'Түбіртек.',
};

const [today, former] = [newSealKey(), newSealKey()];
let keys: SealKeys;
let sealed: Uint8Array;

async function sealWith(by: SealKeys, of = content): Promise<Uint8Array> {
  const place = emptyPlace(await sealLength(by, of));
  const seal = { place, code: await signCode(by, of) };
  return sealFile(by, await receiptPdf({ ...receipt, number: of.number, seal }), of);
}

beforeAll(async () => {
  keys = await readSealKeys([today.secret]);
  sealed = await sealWith(keys);
});

const check = (file: Uint8Array) => checkSeal(file, keys.published);

describe('a sealed receipt', () => {
  test('gives what was sealed', async () => {
    expect(await check(sealed)).toEqual({ ok: true, value: content });
  });

  test('draws its code as a QR that a camera reads', async () => {
    const { size, runs } = drawnQr(Buffer.from(sealed));
    const [scale, height] = [4, size * 4];
    const data = new Uint8Array(height * height * 4).fill(255);
    for (const [x, y, length] of runs)
      for (let row = y * scale; row < (y + 1) * scale; row += 1)
        data.fill(0, (row * height + x * scale) * 4, (row * height + (x + length) * scale) * 4);
    const text = decodeQR({ width: height, height, data });
    expect(text).toMatch(/^https:\/\/cabinet\.enpf\.kz\/check#1\./);
    expect(await openCode(text, keys.published)).toMatchObject({
      ok: true,
      value: { number: content.number, madeAt: '2026-11-22T09:15:00Z' },
    });
  });

  test('holds its seal as an attachment, in plain bytes', () => {
    const place = findPlace(sealed);
    expect(place).toBeDefined();
    if (place) expect(sealIn(sealed, place)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(Buffer.from(sealed).includes('/EmbeddedFiles')).toBe(true);
  });

  test('is refused after any one byte outside the seal was changed', async () => {
    const place = findPlace(sealed);
    if (!place) throw new Error('no place');
    const after = place.offset + place.length;
    const places = [0, 7, place.offset - 1, after, after + 1, sealed.length - 1];
    for (let at = 100; at < sealed.length; at += 997) if (at < place.offset || at >= after) places.push(at);
    expect(places.length).toBeGreaterThan(20);
    for (const at of places) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect([at, (await check(changed)).ok]).toEqual([at, false]);
    }
  });

  test('is refused after anything was added or cut', async () => {
    const more = Buffer.concat([sealed, Buffer.from('\n% an update that hides a page\n')]);
    expect(await check(more)).toMatchObject({ ok: false, reason: 'altered' });
    expect(await check(sealed.subarray(0, -1))).toMatchObject({ ok: false, reason: 'altered' });
  });

  test('shows what its seal says beside an altered file', async () => {
    const changed = Uint8Array.from(sealed);
    changed[600] = (changed[600] as number) ^ 1;
    expect(await check(changed)).toEqual({ ok: false, reason: 'altered', sealed: content });
  });

  test('is refused, not fatal, with a place of millions of bytes', async () => {
    const long = Buffer.from(`%PDF-1.7\n${emptyPlace(4_500_000)}`);
    expect(await check(long)).toMatchObject({ ok: false, reason: 'broken' });
  });

  test('is refused with two seals, and without one', async () => {
    const twice = Buffer.concat([sealed, Buffer.from(emptyPlace(10))]);
    expect(await check(twice)).toMatchObject({ reason: 'noSeal' });
    expect(await check(await receiptPdf(receipt))).toMatchObject({ reason: 'noSeal' });
    expect(await check(new Uint8Array(0))).toMatchObject({ reason: 'noSeal' });
  });

  test('does not lend its seal to another file', async () => {
    const other = await sealWith(keys, { ...content, number: 'AAAAAAAAAAAA' });
    const [place, theirs] = [findPlace(sealed), findPlace(other)];
    if (!place || !theirs) throw new Error('no place');
    const moved = Uint8Array.from(other);
    moved.set(sealed.subarray(place.offset, place.offset + place.length), theirs.offset);
    expect(await check(moved)).toMatchObject({ ok: false, reason: 'altered' });
  });

  test.each([
    ['its signature', (seal: string) => `${seal.slice(0, -10)}AAAAAAAAAA`, 'broken'],
    ['its text', (seal: string) => seal.replace(/\..{20}/, `.${'A'.repeat(20)}`), 'broken'],
    ['everything', () => 'no seal at all', 'broken'],
  ])('is refused when the seal lost %s', async (_what, change, reason) => {
    const place = findPlace(sealed);
    if (!place) throw new Error('no place');
    const text = Buffer.from(sealed);
    const seal = sealIn(sealed, place);
    text.write(change(seal).padEnd(seal.length), text.indexOf(seal), 'latin1');
    expect(await check(text)).toMatchObject({ ok: false, reason });
  });
});

describe('keys', () => {
  test('a former key still opens what it sealed, by its public half alone', async () => {
    const old = await sealWith(await readSealKeys([former.secret]));
    expect(await check(old)).toMatchObject({ ok: false, reason: 'foreign' });
    const rotated = await readSealKeys([today.secret, former.open]);
    expect(await checkSeal(old, rotated.published)).toMatchObject({ ok: true });
    expect(rotated.signing.kid).toBe(keys.signing.kid);
  });

  test('what is published has no private part', async () => {
    const { published } = await readSealKeys([today.secret, former.secret]);
    expect(published.keys).toHaveLength(2);
    for (const key of published.keys)
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  test('the first key must be private, and each must be a key', async () => {
    await expect(readSealKeys([today.open])).rejects.toThrow();
    await expect(readSealKeys(['AAAA'])).rejects.toThrow();
  });

  test('another signature by the same key is no seal', async () => {
    const place = emptyPlace(2_000);
    const file = Buffer.from(`%PDF-1.7\n${place}`);
    const found = findPlace(file);
    if (!found) throw new Error('no place');
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify({ content })))
      .setProtectedHeader({ alg: 'ES256', kid: keys.signing.kid, typ: 'JWT' })
      .sign(keys.signing.key);
    file.write(jws, file.indexOf(' ', found.offset) + 1);
    expect(await check(file)).toMatchObject({ ok: false, reason: 'broken' });
  });

  test.each(['none', 'HS256'])('a seal with the algorithm "%s" is refused', async (alg) => {
    const header = Buffer.from(JSON.stringify({ alg, kid: keys.signing.kid })).toString('base64url');
    const body = Buffer.from(JSON.stringify({ content })).toString('base64url');
    const file = Buffer.from(`%PDF-1.7\n${emptyPlace(3_000)}`);
    file.write(`${header}.${body}.${alg === 'none' ? '' : 'AAAA'}`, file.indexOf(' ', 9) + 1);
    expect((await check(file)).ok).toBe(false);
  });
});
