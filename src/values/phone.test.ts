import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MOBILE_PREFIXES, formatPhone, type PhoneKind, parsePhone } from './phone.ts';

const read = (text: string, kind: PhoneKind = 'contact') => parsePhone(text, kind, DEFAULT_MOBILE_PREFIXES);
const kinds: readonly PhoneKind[] = ['home', 'contact', 'mobile'];

describe('parsePhone understands every usual way of typing', () => {
  it.each([
    '+77011234567',
    '77011234567',
    '87011234567',
    '7011234567',
    '+7 701 123 45 67',
    '+7 (701) 123-45-67',
    '8 (701) 123-45-67',
    '8(701)1234567',
    '8-701-123-45-67',
    '8 701 123-4567',
    '8.701.123.45.67',
    '701 123 45 67',
    '(701) 123-45-67',
    '(+7) 701 123 45 67',
    '+7-701-123-45-67',
    '  +7 701 1234567  ',
    '+7\u00a0701\u00a0123\u00a045\u00a067',
    '+7\u202f701\u202f123\u202f45\u202f67',
    '+7\t701\t1234567\r\n',
    '8 701 123–45–67',
    '8 701 123—45—67',
    '8 701 123‑45‑67',
    '8 701 123−45−67',
    '00 7 701 123 45 67',
    '0077011234567',
    '8 10 7 701 123 45 67',
    '\u202a+7 701 123 45 67\u202c',
    '\u2068+7 701 123 45 67\u2069',
    '7 7 0 1 1 2 3 4 5 6 7',
    '٨٧٠١١٢٣٤٥٦٧',
    '８７０１１２３４５６７',
    '＋７（７０１）１２３－４５－６７',
    '8701123456७',
    '8\u3000701\u2009123\u00ad45\u200b67',
    '8 701\u202e 123 45 67',
    '\ufeff8 701 123\u201145\u201167',
  ])('%j is a mobile number', (text) => {
    for (const kind of kinds) expect(read(text, kind)).toEqual({ ok: true, value: '+77011234567' });
  });

  it.each([
    ['8 (7172) 55-12-34', '+77172551234'],
    ['8 (717) 255-12-34', '+77172551234'],
    ['7172551234', '+77172551234'],
    ['+7 (727) 250-12-34', '+77272501234'],
    ['8 (7272) 50-12-34', '+77272501234'],
    ['727 250 12 34', '+77272501234'],
    ['8 72774 2-12-34', '+77277421234'],
    ['8 (71431) 2 12 34', '+77143121234'],
    ['+7 751 123 45 67', '+77511234567'],
    ['8 764 123 45 67', '+77641234567'],
  ])('%s is a number for home and contact, and not a mobile number', (text, value) => {
    expect(read(text, 'home')).toEqual({ ok: true, value });
    expect(read(text, 'contact')).toEqual({ ok: true, value });
    expect(read(text, 'mobile')).toEqual({ ok: false, reason: 'phoneNotMobile' });
  });

  it.each([
    '8 (7172) 55-12-34 доб. 12',
    '8 (7172) 55-12-34 доб.12',
    '8 (7172) 55-12-34, доб 12',
    '8 (7172) 55-12-34 (доб. 12)',
    '8 (7172) 55-12-34 (доб.: 12 )',
    '8 (7172) 55-12-34 добавочный 12',
    '8 (7172) 55-12-34 Добавочный номер 12',
    '8 (7172) 55-12-34 вн. 12',
    '8 (7172) 55-12-34 внутр. 12',
    '8 (7172) 55-12-34 ішкі 12',
    '8 (7172) 55-12-34 ІШКІ нөмірі 12',
    '8 (7172) 55-12-34 қосымша 12',
    '8 (7172) 55-12-34, қосымша нөмір: 12',
    '+7 7172 551234 ext 12',
    '+7 7172 551234 ext. 12',
    '+7 7172 551234 Extension 12',
    '+7 7172 551234 x12',
    '+7 7172 551234 х12',
    '+7 7172 551234 #12',
    '+77172551234;ext=12',
    '7172551234;EXT=12',
  ])('reads the extension of %j', (text) => {
    expect(read(text)).toEqual({ ok: true, value: '+77172551234;ext=12' });
    expect(read(text, 'home')).toEqual({ ok: false, reason: 'phoneExtension' });
  });
});

describe('parsePhone refuses', () => {
  it.each([
    ['250-12-34', 'phoneAreaCode'],
    ['55-12-34', 'phoneAreaCode'],
    ['2-12-34', 'phoneAreaCode'],
    ['55-12-34 доб. 5', 'phoneAreaCode'],
    ['', 'phoneLength'],
    ['   ', 'phoneLength'],
    ['+', 'phoneLength'],
    ['()', 'phoneLength'],
    ['1418', 'phoneLength'],
    ['+7', 'phoneLength'],
    ['+7 701 123 45', 'phoneLength'],
    ['+7 701 123 45 678', 'phoneLength'],
    ['8 701 123 45 678', 'phoneLength'],
    ['8 701 123 45 6', 'phoneLength'],
    ['+8 701 123 45 67', 'phoneInvalid'],
    ['+7 703 123 45 67', 'phoneInvalid'],
    ['+7 779 123 45 67', 'phoneInvalid'],
    ['+7 7999 12 34 56', 'phoneInvalid'],
    ['+7 600 123 45 67', 'phoneInvalid'],
    ['+7 000 123 45 67', 'phoneInvalid'],
    ['8 800 080 00 00', 'phoneInvalid'],
    ['+7 916 123 45 67', 'phoneForeign'],
    ['8 916 123-45-67', 'phoneForeign'],
    ['916 123 45 67', 'phoneForeign'],
    ['+7 495 123 45 67', 'phoneForeign'],
    ['+44 20 7946 0958', 'phoneForeign'],
    ['+998 90 123 45 67', 'phoneForeign'],
    ['+86 10 6552 9988', 'phoneForeign'],
    ['00 44 20 7946 0958', 'phoneForeign'],
    ['8 10 44 20 7946 0958', 'phoneForeign'],
    ['87011234567, 87021234567', 'phoneSeveral'],
    ['87011234567; 87021234567', 'phoneSeveral'],
    ['87011234567/87021234567', 'phoneSeveral'],
    ['87011234567\n87021234567', 'phoneSeveral'],
    ['87011234567 87021234567', 'phoneSeveral'],
    ['+77011234567+77021234567', 'phoneSeveral'],
    ['701 123 45 67 және 702 123 45 67', 'phoneSeveral'],
    ['55-12-34 или 55-12-35', 'phoneSeveral'],
    ['8 7172 55-12-34, 55-12-35 доб. 2', 'phoneSeveral'],
    ['9'.repeat(101), 'phoneTooLong'],
    ['8'.repeat(1_000_000), 'phoneTooLong'],
  ])('%j with %s', (text, reason) => {
    for (const kind of kinds) expect(read(text, kind)).toMatchObject({ ok: false, reason });
  });

  it.each([
    ['8 701 123 45 67 Әсел', 'Ә'],
    ['тел. 8 701 123 45 67', 'т'],
    ['8 701\u0000123 45 67', 'unseen'],
    ['8 701 123 45 67\ud800', 'unseen'],
    ['8 701 123 45 67 доб. 1234567', 'д'],
    ['8 701 123 45 67 доб. двенадцать', 'д'],
    ["8 701' OR 1=1", "'"],
    ['8 701 123 45 67 📱', '📱'],
  ])('%j, naming the character %s', (text, detail) => {
    expect(read(text)).toEqual({ ok: false, reason: 'phoneCharacter', detail });
  });
});

describe('the setting with the mobile prefixes', () => {
  it('accepts each default prefix and no other', () => {
    for (let prefix = 700; prefix < 800; prefix++) {
      const accepted = read(`+7${prefix}2223344`, 'mobile').ok;
      expect(accepted, String(prefix)).toBe(DEFAULT_MOBILE_PREFIXES.includes(String(prefix)));
    }
  });

  it('accepts a prefix that the library does not know yet', () => {
    for (const kind of kinds) {
      expect(parsePhone('8 703 123 45 67', kind, ['703'])).toEqual({ ok: true, value: '+77031234567' });
    }
  });

  it('refuses a provider that was removed from the list', () => {
    expect(parsePhone('8 701 123 45 67', 'mobile', ['702'])).toEqual({ ok: false, reason: 'phoneNotMobile' });
    expect(parsePhone('8 701 123 45 67', 'home', ['702']).ok).toBe(true);
  });

  it('never makes a landline or a Russian number mobile', () => {
    expect(parsePhone('8 717 255 12 34', 'mobile', ['717'])).toEqual({ ok: false, reason: 'phoneNotMobile' });
    expect(parsePhone('8 916 123 45 67', 'mobile', ['916'])).toEqual({ ok: false, reason: 'phoneForeign' });
  });
});

describe('formatPhone', () => {
  it.each([
    ['+77011234567', '+7 (701) 123-45-67'],
    ['+77511234567', '+7 (751) 123-45-67'],
    ['+77172551234', '+7 (7172) 55-12-34'],
    ['+77272501234', '+7 (727) 250-12-34'],
    ['+77273551234', '+7 (727) 355-12-34'],
    ['+77279551234', '+7 (727) 955-12-34'],
    ['+77277421234', '+7 (72774) 2-12-34'],
    ['+77275221234', '+7 (72752) 2-12-34'],
    ['+77212551234', '+7 (7212) 55-12-34'],
    ['+77213551234', '+7 (7213) 55-12-34'],
    ['+77187551234', '+7 (7187) 55-12-34'],
    ['+77252551234', '+7 (7252) 55-12-34'],
    ['+77292551234', '+7 (7292) 55-12-34'],
    ['+77143121234', '+7 (71431) 2-12-34'],
    ['+77253321234', '+7 (72533) 2-12-34'],
    ['+77172551234;ext=12', '+7 (7172) 55-12-34 #12'],
    ['55-12-34', '55-12-34'],
    ['', ''],
    ['+79161234567890', '+79161234567890'],
  ])('shows %s as %s', (phone, shown) => {
    expect(formatPhone(phone)).toBe(shown);
  });
});

describe('properties', () => {
  const codes = ['701', '747', '778', '7172', '727', '7212', '7187', '72774', '71431', '7252'];
  const national = fc
    .tuple(fc.constantFrom(...codes), fc.stringMatching(/^2[0-9]{6}$/))
    .map(([code, rest]) => (code + rest).slice(0, 10));
  const gap = fc.constantFrom('', ' ', '-', '\u00a0', '–', '.', ' - ', ') ', ' (');

  it('a number typed in different ways is one value', () => {
    fc.assert(
      fc.property(
        national,
        fc.constantFrom('+7', '8', '7', ''),
        fc.array(gap, { minLength: 10, maxLength: 10 }),
        (digits, start, gaps) => {
          const typed = start + [...digits].map((digit, index) => (gaps[index] ?? '') + digit).join('');
          expect(read(typed)).toEqual({ ok: true, value: `+7${digits}` });
        },
      ),
    );
  });

  it('a shown number is read back as the same value', () => {
    fc.assert(
      fc.property(national, fc.option(fc.stringMatching(/^[0-9]{1,6}$/)), (digits, extension) => {
        const phone = `+7${digits}${extension === null ? '' : `;ext=${extension}`}`;
        expect(read(formatPhone(phone))).toEqual({ ok: true, value: phone });
        expect(read(phone)).toEqual({ ok: true, value: phone });
      }),
    );
  });

  it('never throws, and never gives a value of another form', () => {
    const near = fc.array(fc.constantFrom(...'0123456789+()-. ;#xдоб.ішкі,/\u202a\u00a0\ud800\u0660'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          near.map((characters) => characters.join('')),
        ),
        fc.constantFrom(...kinds),
        (text, kind) => {
          const result = read(text, kind);
          if (result.ok) expect(result.value).toMatch(/^\+7[0-9]{10}(;ext=[0-9]{1,6})?$/);
          else expect(result.reason).toMatch(/^phone/);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
