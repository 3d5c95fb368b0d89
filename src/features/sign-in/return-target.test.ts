import { describe, expect, test } from 'vitest';
import { returnTarget } from './return-target.ts';

describe('where a person is sent after sign-in', () => {
  test('a page on the list is accepted', () => {
    expect(returnTarget.parse('/history')).toBe('/history');
  });

  test.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/services',
    '/services/../admin',
    '/services?next=//evil',
    'javascript:alert(1)',
    '/services\r\nSet-Cookie: a=b',
    '',
    undefined,
    ['/services'],
  ])('%j is ignored', (wanted) => {
    expect(returnTarget.parse(wanted)).toBeUndefined();
  });
});
