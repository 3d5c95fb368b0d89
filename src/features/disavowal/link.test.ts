import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeys } from '../../platform/keys.ts';
import { disavowalPath, readDisavowal } from './link.ts';

const keys = createKeys(['k'.repeat(32)]);
const tokenOf = (path: string) => path.replace('/not-me/', '');

describe('the link of a disavowal', () => {
  test('can be read back to its id, and is no longer than a route allows', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const token = tokenOf(disavowalPath(keys, id));
        expect(token).toMatch(/^[\w-]{44}$/);
        expect(readDisavowal(keys, token)).toBe(id);
      }),
    );
  });

  test('made with a former key can be read, and that of another service cannot', () => {
    const id = randomUUID();
    const rotated = createKeys(['n'.repeat(32), 'k'.repeat(32)]);
    expect(readDisavowal(rotated, tokenOf(disavowalPath(keys, id)))).toBe(id);
    expect(readDisavowal(createKeys(['n'.repeat(32)]), tokenOf(disavowalPath(keys, id)))).toBeUndefined();
  });

  test('of the former release, with the whole HMAC, can be read', () => {
    const id = randomUUID();
    const bytes = [Buffer.from(id.replaceAll('-', ''), 'hex'), keys.sign('disavowal', id)];
    const token = Buffer.concat(bytes).toString('base64url');
    expect(token).toHaveLength(64);
    expect(readDisavowal(keys, token)).toBe(id);
    expect(readDisavowal(createKeys(['n'.repeat(32)]), token)).toBeUndefined();
  });

  test('is refused with any character changed, removed or added', () => {
    const token = tokenOf(disavowalPath(keys, randomUUID()));
    for (let place = 0; place < token.length; place += 1) {
      const other = token[place] === 'A' ? 'B' : 'A';
      expect(readDisavowal(keys, token.slice(0, place) + other + token.slice(place + 1))).toBeUndefined();
    }
    for (const text of [
      '',
      token.slice(1),
      `${token}A`,
      `${token.slice(0, -1)}=`,
      `${token.slice(0, -1)}/`,
    ]) {
      expect(readDisavowal(keys, text)).toBeUndefined();
    }
  });

  test.each([
    ['', '.'],
    ['', ')'],
    ['', ').'],
    ['', '>'],
    ['', '»,'],
    ['«', '»'],
    ['', '\u200b'],
    ['\u2068', '\u2069'],
    ['', '…'],
  ])('works with %j before and %j after it', (before, behind) => {
    const id = randomUUID();
    expect(readDisavowal(keys, before + tokenOf(disavowalPath(keys, id)) + behind)).toBe(id);
  });

  test('is not made from anything but an id', () => {
    expect(() => disavowalPath(keys, 'somebody')).toThrow('UUID');
  });
});
