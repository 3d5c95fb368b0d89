/**
 * Messages that `openssl cms` makes, in its forms, with an RSA key. Skipped where it is missing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAuthority } from '../src/testing/authority.ts';
import { makeRsaKey } from '../src/testing/keys.ts';
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
