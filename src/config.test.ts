import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, showConfig } from './config.ts';

const keys = 'k'.repeat(32);
const read = (environment: Readonly<Record<string, string>>) =>
  readConfig({ SECRET_KEYS: keys, ...environment });

function faultsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    read(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('the gateways', () => {
  test('there is none unless one is set, and then no demonstration by itself', () => {
    expect(read({})).toMatchObject({ smtp: undefined, smpp: undefined, demo: true });
    const set = read({ SMPP_URL: 'smpp://user:p%40ss@10.0.0.1:2776', SMS_SENDER: 'ENPF' });
    expect(set).toMatchObject({ demo: false, smpp: { sender: 'ENPF' }, smsPerSecond: 30 });
    expect(set.smpp?.url.port).toBe('2776');
  });

  test.each([
    'no-reply@example.kz',
    'ЕНПФ <no-reply@example.kz>',
    'Личный кабинет ЕНПФ <no-reply@cabinet.example.kz>',
  ])('%s is a sender of e-mail', (from) => {
    expect(read({ SMTP_URL: 'smtps://mail.example.kz', MAIL_FROM: from }).smtp?.from).toBe(from);
  });

  test.each(['ENPF', '1418', '+77010001418', 'UAPF Kab.'])('%s is a sender of SMS', (sender) => {
    expect(read({ SMPP_URL: 'ssmpp://a:b@sms.example.kz', SMS_SENDER: sender }).smpp?.sender).toBe(sender);
  });

  test.each([
    [
      { SMTP_URL: 'http://mail.example.kz', MAIL_FROM: 'a@b.kz' },
      'SMTP_URL: must be an address that begins with',
    ],
    [
      { SMTP_URL: 'mail.example.kz:587', MAIL_FROM: 'a@b.kz' },
      'SMTP_URL: must be an address that begins with',
    ],
    [{ SMPP_URL: 'smpp://', SMS_SENDER: 'ENPF' }, 'SMPP_URL: must be an address that begins with'],
    [{ SMTP_URL: 'smtps://mail.example.kz' }, 'MAIL_FROM: required with SMTP_URL'],
    [{ SMPP_URL: 'smpp://sms.example.kz' }, 'SMS_SENDER: required with SMPP_URL'],
    [{ MAIL_FROM: 'a@b.kz\nBcc: c@d.kz' }, 'MAIL_FROM: must be an address'],
    [{ MAIL_FROM: 'nobody' }, 'MAIL_FROM: must be an address'],
    [{ SMS_SENDER: 'ЕНПФ' }, 'SMS_SENDER: must be a name'],
    [{ SMS_SENDER: 'TwelveLetter' }, 'SMS_SENDER: must be a name'],
    [{ SMS_PER_SECOND: '0' }, 'SMS_PER_SECOND: must be from 1'],
  ])('%j is refused', (environment, fault) => {
    expect(faultsOf(environment as unknown as Record<string, string>)).toEqual([
      expect.stringContaining(fault),
    ]);
  });

  test('a password in an address is never shown, nor in a fault', () => {
    const shown = showConfig({ SMTP_URL: 'http://u:s3cret@mail', SMPP_URL: 'smpp://u:s3cret@sms' });
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    expect(shown.faults).toHaveLength(1);
  });
});

describe("Kazpost's open service", () => {
  const open = { KAZPOST_API: 'open' };
  const named = { KAZPOST_USER: 'kabinet', KAZPOST_PASSWORD: 'a password' };

  test('is entered by name and password, or by a token', () => {
    expect(read({ ...open, ...named }).kazpost).toEqual({
      api: 'open',
      username: 'kabinet',
      password: 'a password',
    });
    expect(read({ ...open, KAZPOST_TOKEN: 'eyJ.a-b_c.d==' }).kazpost).toEqual({
      api: 'open',
      token: 'eyJ.a-b_c.d==',
    });
  });

  test.each([
    [{}, 'required with KAZPOST_API=open'],
    [{ KAZPOST_USER: 'kabinet' }, 'required with KAZPOST_API=open'],
    [{ ...named, KAZPOST_TOKEN: 'token' }, 'not both'],
    [{ KAZPOST_TOKEN: 'two words' }, 'KAZPOST_TOKEN'],
  ])('%j is refused', (environment, fault) => {
    expect(faultsOf({ ...open, ...environment }).join()).toContain(fault);
  });
});
