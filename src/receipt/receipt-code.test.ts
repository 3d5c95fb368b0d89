import { CompactSign, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { newSealKeys } from '../../test/support/seal-keys.ts';
import { signCode } from '../features/receipt-seal/seal.ts';
import type { SealKeys } from '../features/receipt-seal/seal-keys.ts';
import { codeHeader, isOfCode, openCode } from './receipt-code.ts';
import type { SealedContent } from './sealed-content.ts';

const content: SealedContent = {
  version: 1,
  origin: 'https://cabinet.enpf.kz',
  number: '7F3K92QX0ABC',
  madeAt: '2026-11-22T09:15:00.123Z',
  holder: { name: 'САПАРОВА Әйгерім', iin: '90••••••0007' },
  document: 'identity-card 041234567',
  changes: [{ field: 'mobilePhone', old: '+77011234567', new: '+77051112233' }],
  proof: 'codes',
  state: 'sending',
  log: { salt: '0f'.repeat(16), day: '2026-11-22', proof: null },
};

let keys: SealKeys;
let code: string;

beforeAll(async () => {
  keys = await newSealKeys();
  code = await signCode(keys, content);
});

describe('the code of a receipt', () => {
  test('gives number and time, alone or at the end of an address', async () => {
    const opened = await openCode(code, keys.published);
    expect(opened).toMatchObject({
      ok: true,
      value: { number: '7F3K92QX0ABC', madeAt: '2026-11-22T09:15:00Z' },
    });
    expect(await openCode(`https://cabinet.enpf.kz/check#${code}\n`, keys.published)).toEqual(opened);
  });

  test('fits a QR that a camera reads from paper, and holds no value', () => {
    expect(`https://cabinet.enpf.kz/check#${code}`.length).toBeLessThanOrEqual(213);
    for (const personal of ['САПАРОВА', '0007', '041234567', '77051112233', 'mobile', 'codes'])
      expect(decodeURIComponent(code)).not.toContain(personal);
  });

  test('is one only for its own receipt, whatever the fund has said since', async () => {
    const opened = await openCode(code, keys.published);
    if (!opened.ok) throw new Error(opened.reason);
    const later = { ...content, state: 'applied' as const, holder: { ...content.holder, name: null } };
    expect(await isOfCode(later, opened.value)).toBe(true);
    const others: readonly SealedContent[] = [
      { ...content, number: '7F3K92QX0ABD' },
      { ...content, madeAt: '2026-11-22T09:15:01.123Z' },
      { ...content, changes: [{ field: 'mobilePhone', old: '+77011234567', new: '+77051112234' }] },
      { ...content, document: null },
      { ...content, log: null },
      { ...content, log: content.log && { ...content.log, salt: '0e'.repeat(16) } },
    ];
    for (const other of others) expect(await isOfCode(other, opened.value)).toBe(false);
  });

  test('of a receipt without a leaf has number and time', async () => {
    const bare = await openCode(await signCode(keys, { ...content, log: null }), keys.published);
    expect(bare).toMatchObject({ ok: true, value: { leaf: null } });
  });

  test('holds by a former key, and by no other', async () => {
    const [former, stranger] = [await newSealKeys(), await newSealKeys()];
    const old = await signCode(former, content);
    const rotated = { keys: [...keys.published.keys, ...former.published.keys] };
    expect(await openCode(old, rotated)).toMatchObject({ ok: true });
    expect(await openCode(old, keys.published)).toMatchObject({ reason: 'foreignCode' });
    expect(await openCode(code, stranger.published)).toMatchObject({ reason: 'foreignCode' });
    expect(await openCode(code, { keys: [] })).toMatchObject({ reason: 'foreignCode' });
  });

  test('with one sign changed is no code of this service', async () => {
    for (const [at, sign] of [...code].entries()) {
      const other = sign === 'A' ? 'B' : 'A';
      const altered = `${code.slice(0, at)}${other}${code.slice(at + 1)}`;
      // The last sign of base64url holds bits that mean nothing.
      if (at === code.length - 1) continue;
      expect([at, (await openCode(altered, keys.published)).ok]).toEqual([at, false]);
    }
  });

  test.each(['', '#', 'https://cabinet.enpf.kz/check', '1.7F3K92QX0ABC', 'a'.repeat(5_000), '1....'])(
    'is not "%s"',
    async (text) => {
      expect(await openCode(text, keys.published)).toMatchObject({ reason: 'noCode' });
    },
  );

  test('is not another signature of the same key over the same text', async () => {
    const text = code.slice(0, code.lastIndexOf('.'));
    const jws = await new CompactSign(new TextEncoder().encode(text))
      .setProtectedHeader({ ...codeHeader, typ: 'kabinet-receipt+jws' })
      .sign(keys.signing.key);
    const moved = `${text}.${jws.slice(jws.lastIndexOf('.') + 1)}`;
    expect(await openCode(moved, keys.published)).toMatchObject({ reason: 'foreignCode' });
    const { privateKey } = await generateKeyPair('ES256');
    const own = await signCode({ ...keys, signing: { key: privateKey, kid: '' } }, content);
    expect(await openCode(own, keys.published)).toMatchObject({ reason: 'foreignCode' });
  });
});
