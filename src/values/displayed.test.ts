import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayed, isAsDisplayed } from './displayed.ts';

/**
 * What browsers do to the value of an input before they send it (HTML, "value sanitization
 * algorithm").
 */
const sanitizedBy = {
  text: (value: string) => value.replace(/[\r\n]/g, ''),
  tel: (value: string) => value.replace(/[\r\n]/g, ''),
  email: (value: string) => value.replace(/[\r\n]/g, '').replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, ''),
  textarea: (value: string) => value.replace(/\r\n?|\n/g, '\r\n'),
} as const;

const onFile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(...'Абая 5\r\n\t\u00a0\u2028\u200b\u202eи\u0306', '\r\n', 'ул. ', '\n ', 'Е\u0308'),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('')),
);

describe('displayed', () => {
  it.each([
    ['г. Алматы\r\nул. Абая, 5', 'г. Алматы ул. Абая, 5'],
    ['г. Алматы \n\n ул. Абая, 5\n', 'г. Алматы ул. Абая, 5'],
    ['МВД\u2028РК', 'МВД РК'],
    ['Асеи\u0306', 'Асей'],
    ['\u202eАсель\u202c', 'Асель'],
    ['a@example.kz\n', 'a@example.kz'],
    ['два  пробела', 'два  пробела'],
    ['', ''],
  ])('shows %j as %j', (text, shown) => {
    expect(displayed(text)).toBe(shown);
  });

  it('gives one composed line, and showing it again changes nothing', () => {
    fc.assert(
      fc.property(onFile, (text) => {
        const shown = displayed(text);
        expect(shown).not.toMatch(/[\r\n\v\f\u0085\u2028\u2029\u200b\u202e]|^\s|\s$/);
        expect(shown.normalize('NFC')).toBe(shown);
        expect(displayed(shown)).toBe(shown);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('isAsDisplayed', () => {
  it.each(Object.entries(sanitizedBy))(
    'recognises whatever an input of type %s sends back',
    (_type, sanitized) => {
      fc.assert(
        fc.property(onFile, (text) => {
          expect(isAsDisplayed(sanitized(displayed(text)), text)).toBe(true);
          // Forms of the former release showed the stored text, and a script may send it back byte
          // for byte.
          expect(isAsDisplayed(sanitized(text), text)).toBe(true);
          expect(isAsDisplayed(text, text)).toBe(true);
        }),
        { numRuns: 1000 },
      );
    },
  );

  it.each([
    ['г. Алматы, ул. Абая, 5', 'г. Алматы\r\nул. Абая, 5'],
    ['ул. Абая, 6', 'ул. Абая, 5 '],
    ['', 'ул. Абая, 5'],
    ['ул. Абая, 5', ''],
    ['ул.  Абая', 'ул. Абая'],
  ])('distinguishes %j from %j on file', (sent, text) => {
    expect(isAsDisplayed(sent, text)).toBe(false);
  });
});
