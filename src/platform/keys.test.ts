import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeys, randomName, tokenHash } from './keys.ts';

const old = createKeys(['an old secret of thirty-two characters']);
const rotated = createKeys([
  'a new secret of thirty-two characters!',
  'an old secret of thirty-two characters',
]);

describe('keys', () => {
  test('a signature is good for its own purpose and text only', () => {
    const signature = old.sign('code', 'text');
    expect(old.verify('code', 'text', signature)).toBe(true);
    expect(old.verify('csrf', 'text', signature)).toBe(false);
    expect(old.verify('code', 'text ', signature)).toBe(false);
    expect(old.verify('code', 'text', signature.subarray(1))).toBe(false);
  });

  test('after a rotation, what the old key made is still accepted; before it, what the new key made is not', () => {
    expect(rotated.verify('code', 'text', old.sign('code', 'text'))).toBe(true);
    expect(old.verify('code', 'text', rotated.sign('code', 'text'))).toBe(false);
    expect(rotated.open('draft', 'owner', old.seal('draft', 'owner', 'words'))).toBe('words');
    expect(old.open('draft', 'owner', rotated.seal('draft', 'owner', 'words'))).toBeUndefined();
  });

  test('passphrases are what openssl derives from each key', () => {
    // openssl kdf -keylen 16 -kdfopt digest:SHA256 -kdfopt key:"$KEY" \
    //   -kdfopt salt:kabinet -kdfopt info:backup-passphrase HKDF
    const [first, older, ...others] = rotated.passphrases('backup-passphrase');
    expect([first, older]).toEqual([
      'F0:CC:47:25:50:EC:09:6B:4E:01:CA:5B:F0:01:5B:5F',
      'C2:99:F7:22:13:78:39:67:FB:64:89:D0:72:9E:9E:2B',
    ]);
    expect(others).toEqual([]);
    expect(old.passphrases('backup-passphrase')).toEqual([older]);
    expect(old.passphrases('another')).not.toEqual([older]);
  });

  test('a sealed text opens only for its owner and purpose, and only unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, at) => {
        const sealed = old.seal('draft', 'one', text);
        expect(old.open('draft', 'one', sealed)).toBe(text);
        expect(old.open('draft', 'two', sealed)).toBeUndefined();
        expect(old.open('other', 'one', sealed)).toBeUndefined();
        const altered = Buffer.from(sealed);
        const position = at % altered.length;
        altered[position] = (altered[position] ?? 0) ^ 1;
        expect(old.open('draft', 'one', altered)).toBeUndefined();
      }),
    );
  });

  test('rubbish opens to nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(old.open('draft', 'one', Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  test('a name survives being read aloud, and a token is stored as something else', () => {
    expect(randomName(200)).toMatch(/^[0-9A-HJKMNP-TV-Z]{200}$/);
    expect(tokenHash('token').toString()).not.toContain('token');
  });
});
