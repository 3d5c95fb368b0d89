import { expect, test } from 'vitest';
import { passkeySiteOf } from './site.ts';

test.each([
  ['https://cabinet.enpf.kz', 'cabinet.enpf.kz'],
  ['https://cabinet.enpf.kz:8443', 'cabinet.enpf.kz'],
  ['http://localhost:3000', 'localhost'],
])('on %s they are bound to %s', (site, rpId) => {
  expect(passkeySiteOf(site)).toEqual({ offered: true, origin: site, rpId });
});

test.each([
  ['http://127.0.0.1:3000', 'http://localhost:3000'],
  ['http://[::1]:3000', 'http://localhost:3000'],
  ['https://10.0.0.7', undefined],
  ['https://[2a00:1370::1]', undefined],
])('%s is no name: the right address is %s', (site, address) => {
  expect(passkeySiteOf(site)).toEqual({ offered: false, address });
});
