import { describe, expect, test } from 'vitest';
import { createKeys } from '../../platform/keys.ts';
import { codeOf } from './code.ts';
import type { IssuedCode } from './store.ts';

const keys = createKeys(['a secret of thirty-two characters or more']);

const issued: IssuedCode = {
  codeId: '11111111-1111-4111-8111-111111111111',
  holderId: '22222222-2222-4222-8222-222222222222',
  purpose: 'prove-new',
  channel: 'mobile',
  destination: '+77011234567',
  changeId: '33333333-3333-4333-8333-333333333333',
};

describe('a code', () => {
  test('has six digits for a confirmation, and eight letters and digits where one guess would open an account', () => {
    expect(codeOf(keys, issued)).toMatch(/^[0-9]{6}$/);
    expect(codeOf(keys, { ...issued, purpose: 'recover' })).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
  });

  test('is the same each time it is calculated', () => {
    expect(codeOf(keys, { ...issued })).toBe(codeOf(keys, issued));
  });

  test.each([
    { codeId: '11111111-1111-4111-8111-111111111112' },
    { holderId: '22222222-2222-4222-8222-222222222223' },
    { purpose: 'confirm-current' as const },
    { channel: 'email' as const },
    { destination: '+77011234568' },
    { changeId: null },
  ])('differs for another %o', (other) => {
    expect(codeOf(keys, { ...issued, ...other })).not.toBe(codeOf(keys, issued));
  });

  test('keeps its leading zeros', () => {
    const codes = Array.from({ length: 200 }, (_, n) => codeOf(keys, { ...issued, codeId: String(n) }));
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);
    expect(codes.every((code) => code.length === 6)).toBe(true);
  });
});
