import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskIin, parseIin } from './iin.ts';

describe('parseIin', () => {
  it.each([
    ['900101300007', 'a man born in 1990'],
    ['850615400006', 'a woman born in 1985'],
    ['010203500008', 'born in 2001: the leading zero stays'],
    ['020304600005', 'born in 2002'],
    ['880808000005', 'a foreigner: no century'],
    ['900101300811', 'check digit by the second row of weights'],
  ])('accepts %s: %s', (text) => {
    expect(parseIin(text)).toEqual({ ok: true, value: text });
  });

  it.each([
    '900 101 300 007',
    ' 900101300007\n',
    '900101\u00a0300007',
    '\u200e900101300007\u200f',
    '900101300007\u200b',
    '\ufeff900101\u00ad300007',
    '900101-300007',
    '900101\u2011300007',
    '٩٠٠١٠١٣٠٠٠٠٧',
    '９００１０１３０００07',
    '9OО1O1ЗООOO7'.replace('З', '3'),
    'ұққ"қ"іққққ.',
  ])('reads %j as the number that it looks like', (text) => {
    expect(parseIin(text)).toEqual({ ok: true, value: '900101300007' });
  });

  it.each([
    '',
    ' ',
    '90010130000',
    '9001013000070',
    '90010130000x',
    '900101З00007',
    '900101300007 900101300007',
    '9001013000\ud800',
    '+90010130000',
    '9'.repeat(100_000),
  ])('asks for twelve digits instead of %j', (text) => {
    expect(parseIin(text)).toEqual({ ok: false, reason: 'iinLength' });
  });

  it.each([
    ['901301300007', 'month 13'],
    ['900001300007', 'month 0'],
    ['900100300007', 'day 0'],
    ['900132300007', 'day 32'],
    ['900431300007', '31 April'],
    ['900229300007', '29 February 1990'],
    ['000229300007', '29 February 1900'],
    ['900101700007', 'no such century'],
    ['900101900007', 'no such century'],
    ['060640001234', "a company's BIN"],
  ])('refuses the date of %s: %s', (text) => {
    expect(parseIin(text)).toEqual({ ok: false, reason: 'iinDate' });
  });

  it('knows leap years in each century', () => {
    for (const stem of ['9602293', '0002295', '0002290', '8402290', '9602291']) {
      expect(withCheckDigits(stem), stem).toHaveLength(1);
    }
    for (const stem of ['0002293', '0002291', '0102295', '0102290']) {
      expect(withCheckDigits(stem), stem).toHaveLength(0);
    }
  });

  it('refuses every check digit of a number that is never issued', () => {
    for (let digit = 0; digit < 10; digit++) {
      expect(parseIin(`90010130080${digit}`)).toEqual({ ok: false, reason: 'iinCheckDigit' });
    }
  });

  it.each([
    ['900101300006', 'a wrong check digit'],
    ['900102300007', 'a wrong day'],
    ['850615400060', 'neighbours swapped'],
    ['900101300810', 'the second row of weights left out'],
  ])('refuses %s: %s', (text) => {
    expect(parseIin(text)).toEqual({ ok: false, reason: 'iinCheckDigit' });
  });

  it('accepts at most one check digit for any first eleven digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{11}$/), (stem) => {
        const found = [...'0123456789'].filter((digit) => parseIin(stem + digit).ok);
        expect(found.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('never throws, and reads what it gave as the same value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9 ]{10,16}$/)), (text) => {
        const read = parseIin(text);
        if (read.ok) expect(parseIin(read.value)).toEqual(read);
        else expect(['iinLength', 'iinDate', 'iinCheckDigit']).toContain(read.reason);
      }),
    );
  });
});

/** The numbers with this date and century, serial 0001, that are accepted. */
function withCheckDigits(stem: string): string[] {
  return [...'0123456789'].map((digit) => `${stem}0001${digit}`).filter((iin) => parseIin(iin).ok);
}

it('masks an IIN so that its owner recognises it', () => {
  expect(maskIin('900101300007')).toBe('9001••••0007');
});
