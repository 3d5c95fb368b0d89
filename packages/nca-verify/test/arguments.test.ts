import { expect, it } from 'vitest';
import { checkRevocation, ocspRequest } from '../src/check-revocation.ts';
import { loadCrl } from '../src/crl.ts';
import { signCms } from '../src/testing/cms.ts';
import { createTrust } from '../src/trust.ts';
import { verify } from '../src/verify.ts';
import { AT, CONTENT, gost, gostTrust, outcome, PERSON } from './support.ts';

const person = gost.issue(PERSON);
const right = { message: signCms(person, CONTENT), at: AT, trust: gostTrust, revocation: 'skip' as const };

it.each([
  ['message', undefined, '`message` is missing'],
  ['message', 7, '`message` is not a Uint8Array or a string'],
  ['at', undefined, '`at` is missing'],
  ['at', new Date(Number.NaN), '`at` is not a valid Date'],
  ['at', AT.getTime(), '`at` is not a valid Date'],
  ['trust', undefined, '`trust` is missing'],
  ['trust', gost.certificates, '`trust` is not what'],
  ['require', 'individual-signatur', '`require` is not "individual" or "individual-signature"'],
  ['require', 'toString', '`require` is not'],
  ['require', null, '`require` is not'],
  ['require', '', '`require` is not'],
  ['revocation', 'skipped', '`revocation` is not "check" or "skip"'],
  ['content', 'text', '`content` is not a Uint8Array'],
  ['maxBytes', Number.NaN, '`maxBytes` is not a whole number'],
  ['allowGost2004', 'false', '`allowGost2004` is not true or false'],
  ['timeStamps', 'checked', '`timeStamps` is not "check", "verify" or "ignore"'],
  ['crls', {}, '`crls` is not an array'],
  ['ocsp', {}, '`ocsp.response` is missing'],
  ['ocsp', { response: CONTENT, nonce: '01' }, '`ocsp.nonce` is not a Uint8Array'],
])('verify throws for `%s` = %s', (name, value, message) => {
  const ask = () => verify({ ...right, [name]: value } as never);
  expect(ask).toThrow(TypeError);
  expect(ask).toThrow(message);
  expect(outcome(verify(right))).toBe('ok');
});

it('the other functions name what is missing', () => {
  const { certificate } = person;
  expect(() => verify(undefined as never)).toThrow('`request` is missing');
  expect(() => checkRevocation({ at: AT, trust: gostTrust } as never)).toThrow('`certificate` is missing');
  expect(() => checkRevocation({ certificate, at: new Date(''), trust: gostTrust })).toThrow('`at` is not');
  expect(() => checkRevocation({ certificate, at: AT } as never)).toThrow('`trust` is missing');
  expect(() => createTrust(undefined as never)).toThrow('`files` is missing');
  expect(() => createTrust(certificate as never)).toThrow('`files` is not a list of files');
  expect(() => createTrust(['root.cer'] as never)).toThrow('a file of `files`');
  expect(() => loadCrl(undefined as never, gostTrust)).toThrow('`file` is missing');
  expect(() => loadCrl(CONTENT, undefined as never)).toThrow('`trust` is missing');
  expect(() => ocspRequest([certificate, certificate], undefined as never)).toThrow('`nonce` is missing');
  expect(() => ocspRequest([certificate, certificate], Buffer.alloc(7))).toThrow('`nonce` is not 8 to 32');
  expect(() => ocspRequest(undefined as never, Buffer.alloc(8))).toThrow('`chain` is missing');
});
