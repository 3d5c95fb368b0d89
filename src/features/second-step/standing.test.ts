import { describe, expect, test } from 'vitest';
import { acceptedProofs, nextStep, type StepStanding } from './standing.ts';

const nobody: StepStanding = {
  hasPassword: true,
  sufficesAlone: true,
  passkeys: 0,
  authenticator: false,
  backupCodes: 0,
  smsAllowed: false,
  mobile: '+77015550101',
  mobileFreshUntil: null,
  trusted: false,
};
const fresh = { mobileFreshUntil: new Date('2026-12-01') };
const sms = { smsAllowed: true };
const app = { authenticator: true };
const key = { passkeys: 1 };
const paper = { backupCodes: 3 };

const open = { kind: 'open', step: null, restricted: null };
const trusted = { kind: 'open', step: 'trusted', restricted: null };
const restricted = { kind: 'open', step: null, restricted: 'fresh-mobile' };
const impossible = { kind: 'impossible' };
const ask = (...steps: readonly string[]) => ({ kind: 'ask', steps });

describe('the step after a right password', () => {
  test.each<[string, Partial<StepStanding>, object, object]>([
    ['nothing set up', {}, open, ask('sms')],
    ['nothing set up, no mobile', { mobile: null }, open, impossible],
    ['nothing set up, a fresh mobile', fresh, open, restricted],
    ['SMS', sms, ask('sms'), ask('sms')],
    ['SMS, and the mobile is gone', { ...sms, mobile: null }, impossible, impossible],
    ['SMS, and the mobile is fresh', { ...sms, ...fresh }, restricted, restricted],
    ['an app', app, ask('authenticator'), ask('authenticator')],
    ['an app, and a fresh mobile', { ...app, ...sms, ...fresh }, ask('authenticator'), ask('authenticator')],
    ['an app and SMS', { ...app, ...sms }, ask('authenticator', 'sms'), ask('authenticator', 'sms')],
    ['a passkey', key, ask('passkey'), ask('passkey')],
    [
      'everything',
      { ...key, ...app, ...paper, ...sms },
      ask('passkey', 'authenticator', 'backup-code', 'sms'),
      ask('passkey', 'authenticator', 'backup-code', 'sms'),
    ],
    ['backup codes alone are no step', paper, open, ask('sms')],
    ['an app, in a trusted browser', { ...app, trusted: true }, trusted, trusted],
    ['SMS and a fresh mobile, in a trusted browser', { ...sms, ...fresh, trusted: true }, trusted, trusted],
    ['nothing set up, in a trusted browser', { trusted: true }, open, trusted],
  ])('%s', (_name, different, offered, required) => {
    const standing = { ...nobody, ...different };
    expect(nextStep(standing, { mode: 'offered', byPhone: false })).toEqual(offered);
    expect(nextStep(standing, { mode: 'required', byPhone: false })).toEqual(required);
  });
});

describe('the step after a right password, where people sign in with eGov Mobile', () => {
  test.each<[string, Partial<StepStanding>, object, object]>([
    ['nothing set up', {}, open, ask('sms', 'phone')],
    ['nothing set up, no mobile', { mobile: null }, open, ask('phone')],
    ['nothing set up, a fresh mobile', fresh, open, restricted],
    ['SMS, and the mobile is gone', { ...sms, mobile: null }, ask('phone'), ask('phone')],
    ['an app', app, ask('authenticator', 'phone'), ask('authenticator', 'phone')],
    ['a passkey', key, ask('passkey', 'phone'), ask('passkey', 'phone')],
    ['nothing set up, in a trusted browser', { trusted: true }, open, trusted],
  ])('%s', (_name, different, offered, required) => {
    const standing = { ...nobody, ...different };
    expect(nextStep(standing, { mode: 'offered', byPhone: true })).toEqual(offered);
    expect(nextStep(standing, { mode: 'required', byPhone: true })).toEqual(required);
  });
});

describe('a fresh proof in a session', () => {
  test('a phone proves nothing anew', () => {
    const settings = { mode: 'required', byPhone: true } as const;
    expect(acceptedProofs({ ...nobody, ...app }, settings)).toEqual(['authenticator', 'eds']);
    expect(acceptedProofs({ ...nobody, ...app }, settings, 'phone')).toEqual(['authenticator', 'sms', 'eds']);
  });

  test.each<[string, Partial<StepStanding>, readonly string[]]>([
    ['a password counts where there is no step', {}, ['password', 'eds']],
    ['it does not beside SMS', sms, ['sms', 'eds']],
    ['it does not beside an app', app, ['authenticator', 'eds']],
    ['it does not beside a passkey', { ...key, ...paper }, ['passkey', 'backup-code', 'eds']],
    ['a trusted browser proves nothing', { ...app, trusted: true }, ['authenticator', 'eds']],
    ['a fresh mobile proves nothing', { ...sms, ...fresh }, ['eds']],
    ['without a password', { hasPassword: false }, ['eds']],
  ])('%s', (_name, different, expected) => {
    expect(acceptedProofs({ ...nobody, ...different }, { mode: 'offered', byPhone: false })).toEqual(
      expected,
    );
  });
});
