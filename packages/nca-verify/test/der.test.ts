import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigNumber, body, Fields, inner, oid, parse, smallNumber, time } from '../src/der.ts';
import { encode, encodeOid, wrap } from '../src/der-writer.ts';
import { generalizedTime, integer, sequence, time as writeTime } from '../src/testing/der.ts';
import { refusalAsValue } from '../src/verdict.ts';

function reasonOf(work: () => unknown): string {
  const result = refusalAsValue(work);
  return typeof result === 'object' && result !== null && 'reason' in result ? String(result.reason) : 'ok';
}

function read(hex: string, rules: 'der' | 'ber' = 'der'): string {
  return reasonOf(() => parse(Buffer.from(hex.replaceAll(' ', ''), 'hex'), rules));
}

describe('the reader of DER', () => {
  it.each([
    ['a null', '0500'],
    ['an empty sequence', '3000'],
    ['a sequence of two', '3006 020101 0101ff'],
    ['a long length', `048180${'00'.repeat(128)}`],
    ['a negative number', '0201ff'],
    ['a bit string with three unused bits', '03020308'],
    ['a context tag', 'a0020500'],
  ])('takes %s', (_, hex) => {
    expect([read(hex), read(hex, 'ber')]).toEqual(['ok', 'ok']);
  });

  it.each([
    ['nothing', ''],
    ['half a header', '30'],
    ['octets after the end', '050000'],
    ['a child longer than its parent', '3003 040301'],
    ['a length in too many octets', '04 8101 00'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a length of five octets', '04850000000001 00'],
    ['a tag number above 30', '1f8101 00'],
    ['tag zero', '0000'],
    ['a null with content', '050100'],
    ['a boolean of one', '010101'],
    ['a boolean of two octets', '0102ffff'],
    ['an empty number', '0200'],
    ['a number with a leading zero', '02020001'],
    ['a number with a leading ff', '0202ff80'],
    ['a bit string without its first octet', '0300'],
    ['a bit string of eight unused bits', '030208ff'],
    ['a bit string with unused bits set', '030201ff'],
    ['unused bits of nothing', '030101'],
    ['an empty identifier', '0600'],
    ['an identifier cut short', '060180'],
    ['an identifier with a leading 80', '0603 2a8001'],
    ['a primitive sequence', '1000'],
    ['a constructed number', '2203020101'],
    ['an indefinite length of a primitive', '0480 0000'],
  ])('refuses %s', (_, hex) => {
    expect([read(hex), read(hex, 'ber')]).toEqual(['malformed', 'malformed']);
  });

  it('accepts indefinite lengths and strings in pieces only as BER', () => {
    const cases = [
      '3080 020101 0000',
      '2480 040101 040102 0000',
      '2406 040101 040102',
      'a080 3080 0000 0000',
    ];
    expect(cases.map((hex) => read(hex))).toEqual(cases.map(() => 'malformed'));
    expect(cases.map((hex) => read(hex, 'ber'))).toEqual(cases.map(() => 'ok'));
    expect(['3080 020101', '3080 020101 00', '3080'].map((hex) => read(hex, 'ber'))).toEqual([
      'malformed',
      'malformed',
      'malformed',
    ]);
  });

  it('throws nothing but refusals', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom('der' as const, 'ber' as const),
        (bytes, rules) => ['ok', 'malformed', 'tooLarge'].includes(reasonOf(() => parse(bytes, rules))),
      ),
      { seed: 1, numRuns: 20_000 },
    );
    expect(reasonOf(() => parse(new Uint8Array()))).toBe('malformed');
  });
});

describe('values', () => {
  it('identifiers come back as they were written', () => {
    const arcs = fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom('1.2', '2.5', '0.9', '2.16'), arcs, (top, rest) => {
        const id = [top, ...rest].join('.');
        return oid(parse(encodeOid(id))) === id;
      }),
      { seed: 1 },
    );
    expect(oid(parse(encodeOid('1.2.398.3.10.1.1.2.3.2')))).toBe('1.2.398.3.10.1.1.2.3.2');
    expect(reasonOf(() => oid(parse(encode(0x06, Buffer.alloc(12, 0xff).fill(1, 11)))))).toBe('malformed');
  });

  it('numbers come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 600n }),
        (value) => bigNumber(parse(integer(value))) === value,
      ),
      { seed: 1 },
    );
    expect(bigNumber(parse(encode(2, Uint8Array.of(0xff))))).toBe(-1n);
    expect(reasonOf(() => smallNumber(parse(encode(2, Uint8Array.of(0xff)))))).toBe('malformed');
    expect(reasonOf(() => smallNumber(parse(integer(2n ** 31n))))).toBe('malformed');
    expect(reasonOf(() => bigNumber(parse(encode(2, Buffer.alloc(2000, 1)))))).toBe('tooLarge');
  });

  it('times come back to the second, in both forms', () => {
    const date = fc.date({ min: new Date('1951-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, (value) => {
        const whole = Math.floor(value.getTime() / 1000) * 1000;
        return time(parse(writeTime(value))) === whole && time(parse(generalizedTime(value))) === whole;
      }),
      { seed: 1 },
    );
    const text = (tag: number, value: string) => reasonOf(() => time(parse(encode(tag, Buffer.from(value)))));
    expect(text(0x17, '261122120000Z')).toBe('ok');
    expect(text(0x18, '00010101000000Z')).toBe('ok');
    for (const wrong of [
      '261322120000Z',
      '260230120000Z',
      '261122240000Z',
      '261122126000Z',
      '261122120060Z',
      '2611221200Z',
      '261122120000+0600',
      '261122120000',
      '٢٦١١٢٢١٢٠٠٠٠Z',
    ]) {
      expect([wrong, text(0x17, wrong)]).toEqual([wrong, 'malformed']);
    }
    for (const wrong of ['20261122120000.5Z', '20261122120000', '202611221200Z', '20250229000000Z']) {
      expect([wrong, text(0x18, wrong)]).toEqual([wrong, 'malformed']);
    }
    expect(text(0x16, '261122120000Z')).toBe('malformed');
  });

  it('fields are read in order, and none may be left over', () => {
    const element = parse(sequence(integer(1), wrap(0xa0, integer(2)), integer(3)));
    const fields = new Fields(element, 'a test');
    expect(smallNumber(fields.take(0x02))).toBe(1);
    expect(fields.option(0x04)).toBeUndefined();
    expect(reasonOf(() => fields.end())).toBe('malformed');
    expect(Buffer.from(body(inner(fields.take(0xa0), 'a test', 0x02)))).toEqual(Buffer.of(2));
    expect(reasonOf(() => fields.take(0x04))).toBe('malformed');
    fields.take();
    expect(reasonOf(() => fields.end())).toBe('ok');
    expect(reasonOf(() => new Fields(element, 'a test', 0x31))).toBe('malformed');
    expect(reasonOf(() => inner(element, 'a test'))).toBe('malformed');
  });
});
