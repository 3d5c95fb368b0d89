import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smsBytes, smsParts } from './sms-parts.ts';

const sizes = (text: string) => smsParts(text).parts.map((part) => part.length);

describe('smsParts', () => {
  test.each([
    ['gsm', 'a'.repeat(160), [160]],
    ['gsm', 'a'.repeat(161), [153, 8]],
    ['gsm', 'a'.repeat(306), [153, 153]],
    ['gsm', '', [0]],
    ['ucs2', 'қ'.repeat(70), [70]],
    ['ucs2', 'қ'.repeat(71), [67, 4]],
    ['ucs2', 'қ'.repeat(135), [67, 67, 1]],
    ['ucs2', `${'a'.repeat(70)}«`, [67, 4]],
  ])('%s: "%s"', (encoding, text, expected) => {
    expect(smsParts(text).encoding).toBe(encoding);
    expect(sizes(text)).toEqual(expected);
  });

  test('an extended GSM character takes two places and is not split', () => {
    expect(sizes('€'.repeat(80))).toEqual([80]);
    expect(sizes('€'.repeat(81))).toEqual([76, 5]);
    expect(sizes(`${'a'.repeat(152)}€${'a'.repeat(20)}`)).toEqual([152, 21]);
  });

  test('a character outside the basic plane is not split', () => {
    expect(sizes(`${'ә'.repeat(66)}😀${'ә'.repeat(10)}`)).toEqual([66, 12]);
  });

  test('a grave accent and a Kazakh letter are not GSM characters', () => {
    expect(smsParts('`').encoding).toBe('ucs2');
    expect(smsParts('Ә').encoding).toBe('ucs2');
  });

  test('the bytes are those of GSM 03.38 and of UTF-16, high byte first', () => {
    expect([...smsBytes('gsm', '@A_{\n')]).toEqual([0x00, 0x41, 0x11, 0x1b, 0x28, 0x0a]);
    expect([...smsBytes('ucs2', 'Қ#')]).toEqual([0x04, 0x9a, 0x00, 0x23]);
  });

  test('the parts joined are the text again, and each fits into 140 bytes with its header', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '€', 'қ', '😀', '@'), maxLength: 400 }), (text) => {
        const { encoding, parts } = smsParts(text);
        expect(parts.join('')).toBe(text);
        const room = parts.length > 1 ? 134 : 140;
        for (const part of parts) {
          const bytes = smsBytes(encoding, part).length;
          expect(encoding === 'gsm' ? Math.ceil((bytes * 7) / 8) : bytes).toBeLessThanOrEqual(room);
        }
      }),
    );
  });
});
