import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { expiredTls, standInTls } from '../../test/support/kazpost-tls.ts';
import { readConfig } from './config.ts';
import { ConfigError } from './faults.ts';
import { showConfig } from './show.ts';

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
  test('there is none unless one is set, and setting one turns the demonstration off', () => {
    expect(read({})).toMatchObject({ mail: { gateway: undefined }, sms: { gateway: undefined }, demo: true });
    const set = read({ SMPP_URL: 'smpp://user:p%40ss@10.0.0.1:2776', SMS_SENDER: 'ENPF' });
    expect(set).toMatchObject({ demo: false, sms: { gateway: { sender: 'ENPF' }, perSecond: 30 } });
    expect(set.sms.gateway?.url.port).toBe('2776');
  });

  test.each([
    'no-reply@example.kz',
    'ЕНПФ <no-reply@example.kz>',
    'Личный кабинет ЕНПФ <no-reply@cabinet.example.kz>',
  ])('%s is a sender of e-mail', (from) => {
    expect(read({ SMTP_URL: 'smtps://mail.example.kz', MAIL_FROM: from }).mail.gateway?.from).toBe(from);
  });

  test.each(['ENPF', '1418', '+77010001418', 'UAPF Kab.'])('%s is a sender of SMS', (sender) => {
    expect(read({ SMPP_URL: 'ssmpp://a:b@sms.example.kz', SMS_SENDER: sender }).sms.gateway?.sender).toBe(
      sender,
    );
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

  test('a password in an address is never shown, not even in an error', () => {
    const shown = showConfig({ SMTP_URL: 'http://u:s3cret@mail', SMPP_URL: 'smpp://u:s3cret@sms' });
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    expect(shown.faults).toHaveLength(1);
  });
});

describe('a secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string) => {
    const path = join(folder, randomUUID());
    writeFileSync(path, text);
    return path;
  };
  const key = 'k'.repeat(40);

  test('counts as if it stood in the environment, and is never shown', () => {
    const environment = {
      SECRET_KEYS_FILE: file(`${key}\n`),
      DATABASE_URL_FILE: file('postgres://u:s3cret@db/x'),
    };
    const config = readConfig(environment);
    expect(config.secretKeys).toEqual([key]);
    expect(config.database.url).toBe('postgres://u:s3cret@db/x');
    // A real database ends the demonstration, wherever its address comes from.
    expect(config.demo).toBe(false);
    const shown = showConfig(environment);
    expect(shown.settings.find(({ name }) => name === 'SECRET_KEYS')).toMatchObject({
      source: 'file',
      value: undefined,
    });
    expect(JSON.stringify(shown)).not.toMatch(/s3cret|kkkk/);
  });

  test.each([
    [
      'beside the environment',
      () => ({ SECRET_KEYS: key, SECRET_KEYS_FILE: file(key) }),
      'SECRET_KEYS: set either',
    ],
    [
      'that is missing',
      () => ({ SECRET_KEYS_FILE: join(folder, 'none') }),
      'SECRET_KEYS_FILE: cannot be read: ENOENT',
    ],
    ['that is empty', () => ({ SECRET_KEYS_FILE: file('\n') }), 'SECRET_KEYS_FILE: is empty'],
    [
      'that is too long',
      () => ({ SECRET_KEYS_FILE: file('k'.repeat(70_000)) }),
      'SECRET_KEYS_FILE: has more than',
    ],
    ['with a wrong value', () => ({ SECRET_KEYS_FILE: file('short') }), 'SECRET_KEYS: must each have'],
  ])('%s stops the start', (_name, environment, fault) => {
    expect(() => readConfig(environment())).toThrow(fault);
    expect(showConfig(environment()).faults.join()).toContain(fault);
  });
});

describe("Kazpost's open service", () => {
  const open = { KAZPOST_API: 'open' };
  const named = { KAZPOST_USER: 'kabinet', KAZPOST_PASSWORD: 'a password' };

  test('takes a name and password, or a token', () => {
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

describe('how the cabinet identifies itself to the fund', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export(pem).toString();
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const sealed = { ...pem, cipher: 'aes-256-cbc', passphrase: 'a password' };
  const FUND_URL = 'https://bus.example.kz/cabinet/v1';

  test.each([
    ['Ed25519', ed25519],
    ['P-256', standInTls.key],
  ])('a key for tokens: %s', (_name, text) => {
    expect(faultsOf({ FUND_URL, FUND_TOKEN_KEY: file('good.pem', text) })).toEqual([]);
  });

  test.each([
    ['of another curve', p384.export(pem).toString()],
    ['of another format', p256.export({ type: 'sec1', format: 'pem' }).toString()],
    ['behind a password', p256.export(sealed).toString()],
    ['that is a certificate', standInTls.cert],
    ['cut short', standInTls.key.slice(0, 120)],
    ['that is empty', ''],
  ])('a key for tokens %s stops the start', (_name, text) => {
    const faults = faultsOf({ FUND_URL, FUND_TOKEN_KEY: file('bad.pem', text) });
    expect(faults).toEqual([expect.stringContaining('FUND_TOKEN_KEY: must be a private key')]);
  });

  test.each([
    ['a pair', standInTls.cert, standInTls.key, []],
    // The service keeps running without the fund, so an expired certificate causes a warning and an
    // alarm.
    ['a pair that has expired', expiredTls.cert, expiredTls.key, []],
    [
      'a key of another certificate',
      standInTls.cert,
      expiredTls.key,
      ['FUND_CLIENT_CERT, FUND_CLIENT_KEY: the key'],
    ],
    ['no certificate', 'something', standInTls.key, ['FUND_CLIENT_CERT: must be']],
    ['no key', standInTls.cert, standInTls.cert, ['FUND_CLIENT_KEY: must be']],
  ])('a certificate and its key: %s', (_name, cert, key, expected) => {
    const faults = faultsOf({
      ...{ FUND_URL, FUND_CLIENT_CERT: file('cert.pem', cert), FUND_CLIENT_KEY: file('key.pem', key) },
    });
    expect(faults).toEqual(expected.map((start) => expect.stringContaining(start)));
  });

  test('a folder in place of a file and a file without a certificate are refused', () => {
    const faults = faultsOf({ FUND_URL, FUND_TOKEN_KEY: folder, FUND_CA: file('ca.pem', ed25519) });
    expect(faults.join()).toContain('FUND_TOKEN_KEY: is not the path of a file');
    expect(faults.join()).toContain('FUND_CA: is a file without a certificate');
  });
});

describe('the proxies before the service', () => {
  const behind = { DEMO: '0', PUBLIC_URL: 'https://cabinet.example.kz' };

  test.each(['all', 'web'])('must be named where people use https, with ROLE=%s', (ROLE) => {
    for (const TRUSTED_PROXIES of [undefined, '', ' , ']) {
      const environment = { ...behind, ROLE, ...(TRUSTED_PROXIES === undefined ? {} : { TRUSTED_PROXIES }) };
      expect(faultsOf(environment)).toEqual([expect.stringMatching(/^TRUSTED_PROXIES: required/)]);
    }
    expect(read({ ...behind, ROLE, TRUSTED_PROXIES: '10.0.0.5' }).server.trustedProxies).toEqual([
      '10.0.0.5',
    ]);
    expect(read({ ...behind, ROLE, TRUSTED_PROXIES: 'none' }).server.trustedProxies).toEqual([]);
    expect(faultsOf({ ...behind, ROLE, TRUSTED_PROXIES: 'none,10.0.0.5' })).toHaveLength(1);
  });

  test('need not be named without pages, without https, or in a demonstration', () => {
    expect(faultsOf({ ...behind, ROLE: 'worker' })).toEqual([]);
    expect(faultsOf({ ...behind, DEMO: '1' })).toEqual([]);
    expect(faultsOf({ DEMO: '0', PUBLIC_URL: 'http://localhost:3000' })).toEqual([]);
    expect(faultsOf({ DEMO: '0' })).toEqual([]);
  });
});

test.each([
  'http://localhost.evil.example/',
  'http://127.evil.example/',
  'http://127.0.0.1.evil.example',
  'ftp://localhost',
])('KAZPOST_URL: %s is no address for plain http', (url) => {
  const settings = { KAZPOST_API: 'classic', KAZPOST_URL: url };
  expect(faultsOf(settings)).toContainEqual(expect.stringContaining('KAZPOST_URL: must be https'));
  expect(faultsOf({ ...settings, KAZPOST_URL: 'http://localhost:8080/' })).toEqual([]);
});

test.each(['all', 'web', 'worker'])('no code lives longer than ten minutes, with ROLE=%s', (ROLE) => {
  for (const name of ['ENTRY_CODE_MINUTES', 'CONFIRMATION_CODE_MINUTES']) {
    expect(faultsOf({ ROLE, [name]: '11' })).toContainEqual(expect.stringContaining(name));
    expect(faultsOf({ ROLE, [name]: '10' })).toEqual([]);
  }
});
