/**
 * Messages and time-stamps that OpenSSL makes, in its forms, with an RSA key, and time-stamps that
 * it judges. Skipped where it is missing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAuthority } from '../src/testing/authority.ts';
import { makeRsaKey } from '../src/testing/keys.ts';
import { readTimeStampResponse, timeStampRequest, verifyTimeStamp } from '../src/time-stamp-request.ts';
import { createTrust } from '../src/trust.ts';
import { verifyAll } from '../src/verify.ts';
import { AT, CONTENT, judge, outcome, PERSON } from './support.ts';

const present = spawnSync('openssl', ['version']).status === 0;
const authority = createTestAuthority({ at: AT, family: 'rsa', seed: 'openssl' });
const trust = createTrust(authority.certificates);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-openssl-'));
  writeFileSync(join(folder, 'content'), CONTENT);
  for (const name of ['a', 'b']) {
    const { certificate, key } = authority.issue(PERSON, { key: makeRsaKey() });
    const pem =
      Buffer.from(certificate)
        .toString('base64')
        .match(/.{1,64}/g) ?? [];
    writeFileSync(
      join(folder, `${name}.pem`),
      `-----BEGIN CERTIFICATE-----\n${pem.join('\n')}\n-----END CERTIFICATE-----\n`,
    );
    writeFileSync(join(folder, `${name}.key`), key.privateKey, { mode: 0o600 });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function sign(...options: readonly string[]): Uint8Array {
  const signer = (name: string) => ['-signer', `${name}.pem`, '-inkey', `${name}.key`, '-keyform', 'DER'];
  const signers = options.includes('two') ? [...signer('a'), ...signer('b')] : signer('a');
  const given = options.filter((option) => option !== 'two');
  const form = given.includes('-outform') ? [] : ['-outform', 'DER'];
  const args = ['cms', '-sign', '-binary', '-in', 'content', '-out', 'signed', ...form, ...signers, ...given];
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  return readFileSync(join(folder, 'signed'));
}

describe.runIf(present)('openssl cms', { timeout: 120_000 }, () => {
  const attached = ['-nodetach', '-md', 'sha256'];
  const verdict = (message: Uint8Array, given = {}) => outcome(judge(message, { trust, ...given }));

  it.each([
    ['attached', attached],
    ['with SHA-512', ['-nodetach', '-md', 'sha512']],
    ['named by the key identifier', [...attached, '-keyid']],
    ['CAdES, with signingCertificateV2', [...attached, '-cades']],
    ['without S/MIME capabilities', [...attached, '-nosmimecap']],
    ['streamed, in BER of indefinite lengths', [...attached, '-stream']],
    ['in PEM', [...attached, '-outform', 'PEM']],
    ['with the issuer’s certificate', [...attached, '-certfile', 'b.pem']],
  ])('%s: accepted', (_, options) => {
    expect(verdict(sign(...options), { content: CONTENT })).toBe('ok');
    expect(verdict(sign(...options), { content: Buffer.from('other') })).toBe('contentMismatch');
  });

  it('detached: accepted with its content only', () => {
    const message = sign('-md', 'sha256');
    expect(verdict(message, { content: CONTENT })).toBe('ok');
    expect(verdict(message)).toBe('contentMismatch');
  });

  it.each([
    ['without signed attributes', [...attached, '-noattr'], 'noSignedAttributes'],
    ['without the certificate', [...attached, '-nocerts'], 'certificateMissing'],
    ['with SHA-1', ['-nodetach', '-md', 'sha1'], 'algorithmNotAllowed'],
    ['with SHA-384', ['-nodetach', '-md', 'sha384'], 'algorithmNotAllowed'],
    ['with RSA-PSS', [...attached, '-keyopt', 'rsa_padding_mode:pss'], 'algorithmNotAllowed'],
    ['by two signers', [...attached, 'two'], 'severalSigners'],
  ])('%s: refused', (_, options, reason) => {
    expect(verdict(sign(...options))).toBe(reason);
  });

  it('by two signers: a verdict for each', () => {
    const judged = verifyAll({ message: sign(...attached, 'two'), at: AT, trust, revocation: 'skip' });
    expect([judged.ok, judged.verdicts.map(outcome)]).toEqual([true, ['ok', 'ok']]);
  });
});

describe.runIf(present)('openssl ts', { timeout: 120_000 }, () => {
  const data = Buffer.from('what is stamped');
  const nonce = Buffer.from('00ff11223344556677', 'hex');
  const file = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);
  const pem = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g)
      ?.join('\n')}\n-----END CERTIFICATE-----\n`;
  const { stamping } = authority;
  beforeAll(() => {
    file('data', data);
    file('anchors.pem', authority.certificates.map(pem).join(''));
    file('stamping.pem', pem(stamping.certificate));
    file('stamping.key', stamping.key.privateKey);
    file('serial', '01');
    file(
      'ts.cnf',
      [
        '[tsa]',
        'serial = serial',
        'signer_digest = sha256',
        'default_policy = 1.2.398.3.3.2.6.2',
        'digests = sha256, sha512',
        'accuracy = secs:1, millisecs:500',
        'ess_cert_id_chain = no',
        'ess_cert_id_alg = sha256',
      ].join('\n'),
    );
    execFileSync('openssl', ['pkey', '-inform', 'DER', '-in', 'stamping.key', '-out', 'stamping.key.pem'], {
      cwd: folder,
    });
  });

  /** Whether OpenSSL accepts a token of ours as of AT. */
  function accepts(token: Uint8Array, about = 'data'): boolean {
    file('token', token);
    const args = ['ts', '-verify', '-token_in', '-in', 'token', '-data', about, '-CAfile', 'anchors.pem'];
    const at = String(Math.floor(AT.getTime() / 1000));
    return spawnSync('openssl', [...args, '-attime', at], { cwd: folder }).status === 0;
  }

  it.each([
    ['with version 1 of the certificate’s name', { naming: 1 as const }],
    ['with version 2', { naming: 2 as const }],
    ['with an accuracy, a fraction and a nonce', { accuracy: 1500, fraction: '.25', nonce }],
  ])('accepts a token of the test authority %s, and so do we', (_, form) => {
    const digest = { digest: 'sha256' as const };
    const token = authority.timeStamp(data, AT, { ...form, ...digest });
    expect([accepts(token), verifyTimeStamp({ token, data, at: AT, trust }).ok]).toEqual([true, true]);
  });

  it.each([
    ['about something else', authority.timeStamp(Buffer.from('else'), AT)],
    [
      'that names another certificate',
      authority.timeStamp(data, AT, { named: authority.responder.certificate }),
    ],
    ['of a responder for revocation', authority.timeStamp(data, AT, { authority: authority.responder })],
    ['of another root', createTestAuthority({ at: AT, family: 'rsa', name: 'X' }).timeStamp(data, AT)],
  ])('refuses a token %s, and so do we', (_, token) => {
    expect([accepts(token), verifyTimeStamp({ token, data, at: AT, trust }).ok]).toEqual([false, false]);
  });

  it('answers our request, and we accept its token now', () => {
    // OpenSSL stamps with the current time, so this is judged at the current time as well.
    file('request', timeStampRequest(data, { nonce, digest: 'sha256', policy: '1.2.398.3.3.2.6.2' }));
    const options = ['-config', 'ts.cnf', '-section', 'tsa', '-signer', 'stamping.pem'];
    const key = ['-inkey', 'stamping.key.pem', '-queryfile', 'request', '-out', 'response'];
    execFileSync('openssl', ['ts', '-reply', ...options, ...key], { cwd: folder, stdio: 'pipe' });
    const read = readTimeStampResponse(readFileSync(join(folder, 'response')));
    if (!read.ok) throw new Error(read.detail);
    const request = { token: read.token, data, at: new Date(), trust, nonce };
    expect(verifyTimeStamp(request)).toMatchObject({
      ok: true,
      accuracy: 1500,
      policy: '1.2.398.3.3.2.6.2',
    });
    expect(verifyTimeStamp({ ...request, nonce: Buffer.alloc(8, 1) })).toMatchObject({
      reason: 'nonceMismatch',
    });
  });
});
