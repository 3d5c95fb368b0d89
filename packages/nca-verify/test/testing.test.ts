/**
 * The entry `testing`: key files, the authority, and what must not be reachable from the verifier.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { certificate } from '../src/certificate.ts';
import { parse } from '../src/der.ts';
import { createTestAuthority, keyFileName, restoreTestAuthority } from '../src/testing/authority.ts';
import { signCms } from '../src/testing/cms.ts';
import { makeGostKey, makeRsaKey, readPrivateKey } from '../src/testing/keys.ts';
import { KeyFileError, readPkcs12, writePkcs12 } from '../src/testing/pkcs12.ts';
import { decryptRc2, encryptRc2 } from '../src/testing/rc2.ts';
import { verifyTimeStamp } from '../src/time-stamp-request.ts';
import { createTrust } from '../src/trust.ts';
import { AT, CONTENT, gost, judge, outcome, outcomeOf, PERSON } from './support.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe('RC2', () => {
  it('gives what OpenSSL gives', () => {
    // openssl enc -rc2-40-cbc -K 0102030405 -iv 0001020304050607 -provider legacy
    const [key, iv] = [Buffer.from('0102030405', 'hex'), Buffer.from('0001020304050607', 'hex')];
    const clear = Buffer.from('the quick brown fox jumps');
    expect(Buffer.from(decryptRc2(key, iv, encryptRc2(key, iv, clear)))).toEqual(clear);
    if (!hasOpenssl) return;
    const made = spawnSync(
      'openssl',
      [
        'enc',
        '-rc2-40-cbc',
        '-K',
        '0102030405',
        '-iv',
        '0001020304050607',
        '-provider',
        'legacy',
        '-provider',
        'default',
      ],
      { input: clear },
    );
    if (made.status === 0) expect(Buffer.from(encryptRc2(key, iv, clear))).toEqual(made.stdout);
  });

  it('accepts every length, and refuses wrong padding', () => {
    const [key, iv] = [randomBytes(5), randomBytes(8)];
    for (let length = 0; length < 40; length++) {
      const clear = randomBytes(length);
      expect(Buffer.from(decryptRc2(key, iv, encryptRc2(key, iv, clear)))).toEqual(clear);
    }
    expect(() => decryptRc2(key, iv, new Uint8Array(7))).toThrow();
    expect(() => decryptRc2(key, iv, new Uint8Array())).toThrow();
    // Node's OpenSSL does not offer this cipher, which is why it is implemented here.
    expect(() => createDecipheriv('rc2-40-cbc', key, iv)).toThrow();
  });
});

describe('key files', () => {
  const identity = gost.issue(PERSON, { key: makeGostKey('gost2015', 'key file') });

  it.each(['Qwerty12', '', 'пароль ұзын'])('are read back with the password %j', (password) => {
    const read = readPkcs12(writePkcs12(identity, password), password);
    expect(Buffer.from(read.certificate)).toEqual(Buffer.from(identity.certificate));
    expect(outcomeOf(read, { require: 'individual' })).toBe('ok');
  });

  it('report a wrong password, and a file of another format', () => {
    const file = writePkcs12(identity, 'right');
    const reason = (bytes: Uint8Array, password: string): string => {
      try {
        readPkcs12(bytes, password);
        return 'ok';
      } catch (error) {
        return error instanceof KeyFileError ? error.reason : 'other';
      }
    };
    expect(reason(file, 'right')).toBe('ok');
    expect(reason(file, 'wrong')).toBe('wrongPassword');
    expect(reason(file.subarray(0, -1), 'right')).toBe('malformed');
    expect(reason(Buffer.from('no key file'), 'right')).toBe('malformed');
  });

  it('have the form of real ones: indefinite lengths outside, 3DES for the key, RC2-40 for the certificate', () => {
    const file = Buffer.from(writePkcs12(identity, 'x'));
    expect(file.subarray(0, 2).toString('hex')).toBe('3080');
    expect(file.includes(Buffer.from('060b2a864886f70d010c0a0102', 'hex'))).toBe(true);
    expect(file.includes(Buffer.from('060a2a864886f70d010c0103', 'hex'))).toBe(true);
    expect(file.includes(Buffer.from('060a2a864886f70d010c0106', 'hex'))).toBe(true);
    expect(parse(file, 'ber').indefinite).toBe(true);
  });

  it.skipIf(!hasOpenssl)(
    'of RSA keys are opened by OpenSSL with its legacy provider, and its files by us',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
      try {
        const rsa = createTestAuthority({ family: 'rsa', at: AT });
        const own = rsa.issue(PERSON, { profile: 'authentication' });
        const file = join(folder, keyFileName(own));
        expect(file).toMatch(/AUTH_RSA256_[0-9a-f]{40}\.p12$/);
        writeFileSync(file, writePkcs12(own, 'Qwerty12'));
        const pem = execFileSync(
          'openssl',
          ['pkcs12', '-legacy', '-in', file, '-passin', 'pass:Qwerty12', '-nodes'],
          { stdio: ['ignore', 'pipe', 'ignore'] },
        ).toString();
        const body = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? '';
        expect(Buffer.from(body, 'base64')).toEqual(Buffer.from(own.certificate));
        expect(pem).toContain('BEGIN PRIVATE KEY');
        writeFileSync(join(folder, 'both.pem'), pem);
        const again = join(folder, 'again.p12');
        execFileSync(
          'openssl',
          [
            'pkcs12',
            '-export',
            '-legacy',
            '-in',
            join(folder, 'both.pem'),
            '-out',
            again,
            '-passout',
            'pass:abc',
          ],
          { stdio: 'ignore' },
        );
        const read = readPkcs12(readFileSync(again), 'abc');
        expect(outcomeOf(read, { trust: createTrust(rsa.certificates), require: 'individual' })).toBe('ok');
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

describe('keys', () => {
  it('come back from PKCS #8 and sign the same', () => {
    for (const key of [makeGostKey('gost2015'), makeGostKey('gost2004'), makeRsaKey()]) {
      const read = readPrivateKey(key.privateKey);
      expect(Buffer.from(read.publicKey)).toEqual(Buffer.from(key.publicKey));
      expect(Buffer.from(read.sign(CONTENT))).toEqual(Buffer.from(key.sign(CONTENT)));
    }
    expect(() => readPrivateKey(Buffer.from('3003020100', 'hex'))).toThrow();
  });
});

describe('the authority', () => {
  it('is restored from what was saved, and issues certificates that the same trust accepts', () => {
    const restored = restoreTestAuthority(gost.save());
    const identity = restored.issue(PERSON);
    expect(outcomeOf(identity, { require: 'individual' })).toBe('ok');
    expect(keyFileName(identity)).toMatch(/^GOST512_[0-9a-f]{40}\.p12$/);
  });

  it('restored from a text of before it issued time-stamps, it issues them as well', () => {
    const { stamping: _, ...former } = JSON.parse(gost.save()) as Record<string, unknown>;
    for (const text of [gost.save(), JSON.stringify(former)]) {
      const token = restoreTestAuthority(text).timeStamp(CONTENT, AT);
      expect(
        verifyTimeStamp({ token, data: CONTENT, at: AT, trust: createTrust(gost.certificates) }).ok,
      ).toBe(true);
    }
  });

  it('numbers GOST certificates as the real one does: the key identifier without its top bit, never looking short', () => {
    for (let i = 0; i < 40; i++) {
      const { serial, subjectKeyId } = certificate(
        gost.issue(PERSON, { key: makeGostKey('gost2015', `serial ${i}`) }).certificate,
      );
      expect((serial[0] ?? 0) >= 0x10 && (serial[0] ?? 0) < 0x80).toBe(true);
      expect(Buffer.from(serial.subarray(1))).toEqual(Buffer.from(subjectKeyId?.subarray(1) ?? []));
    }
  });

  it('makes a GOST certificate and a message that OpenSSL can at least read', () => {
    if (!hasOpenssl) return expect(hasOpenssl).toBe(false);
    const identity = gost.issue(PERSON);
    const text = execFileSync('openssl', ['x509', '-inform', 'der', '-noout', '-ext', 'keyUsage'], {
      input: identity.certificate,
    }).toString();
    expect(text).toContain('Non Repudiation');
    const cms = execFileSync('openssl', ['asn1parse', '-inform', 'der'], {
      input: signCms(identity, CONTENT),
    }).toString();
    expect(cms).toContain('pkcs7-signedData');
  });
});

describe.skipIf(!hasOpenssl)('OpenSSL as a second opinion', () => {
  /** The answer of `openssl` about an RSA message and its chain at AT. */
  function openssl(message: Uint8Array, certificates: readonly Uint8Array[]): boolean {
    const folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
    try {
      const pem = certificates.map(
        (der) =>
          `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`,
      );
      writeFileSync(
        join(folder, 'ca.pem'),
        pem.join('').replace(/[A-Za-z0-9+/=]{65,}/g, (line) => line.match(/.{1,64}/g)?.join('\n') ?? ''),
      );
      writeFileSync(join(folder, 'cms.der'), message);
      const args = [
        'cms',
        '-verify',
        '-inform',
        'der',
        '-in',
        'cms.der',
        '-CAfile',
        'ca.pem',
        '-attime',
        String(AT.getTime() / 1000),
        '-binary',
      ];
      return spawnSync('openssl', args, { cwd: folder }).status === 0;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('agrees on RSA messages and paths, valid and invalid', () => {
    const rsa = createTestAuthority({ family: 'rsa', at: AT });
    const impostor = createTestAuthority({ family: 'rsa', at: AT });
    const person = rsa.issue(PERSON, { profile: 'signature' });
    const right = signCms(person, CONTENT, { cades: true, signingTime: AT });
    const tampered = Buffer.from(right);
    tampered.write('X', tampered.indexOf('sign-in'));
    const flipped = Uint8Array.from(right);
    flipped[flipped.length - 5] = (flipped.at(-5) ?? 0) ^ 1;
    const cases: Record<string, Uint8Array> = {
      right,
      'SHA-512': signCms(person, CONTENT, { digest: 'sha512' }),
      BER: signCms(person, CONTENT, { ber: true }),
      tampered,
      flipped,
      expired: signCms(
        rsa.issue(PERSON, {
          key: person.key,
          profile: 'signature',
          notBefore: new Date('2025-12-01T00:00:00Z'),
          notAfter: new Date('2026-01-01T00:00:00Z'),
        }),
        CONTENT,
      ),
      'by an impostor of the same name': signCms(
        impostor.issue(PERSON, { key: person.key, profile: 'signature' }),
        CONTENT,
      ),
      'of a key usage that may not sign': signCms(
        rsa.issue(PERSON, { key: person.key, override: { keyUsage: ['keyEncipherment'] } }),
        CONTENT,
      ),
    };
    const trust = createTrust(rsa.certificates);
    const ours = Object.entries(cases).map(([what, bytes]) => [what, judge(bytes, { trust }).ok]);
    const theirs = Object.entries(cases).map(([what, bytes]) => [what, openssl(bytes, rsa.certificates)]);
    expect(ours).toEqual(theirs);
    expect(outcome(judge(right, { trust }))).toBe('ok');
  });

  it('agrees on the pinned anchors of RSA', () => {
    const anchors = new URL('../anchors/', import.meta.url).pathname;
    const convert = (name: string): string =>
      execFileSync('openssl', ['x509', '-inform', 'der', '-in', join(anchors, name)]).toString();
    const folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
    writeFileSync(join(folder, 'root.pem'), convert('root_rsa_2020.cer'));
    writeFileSync(join(folder, 'nca.pem'), convert('nca_rsa_2022.cer'));
    const answer = spawnSync(
      'openssl',
      ['verify', '-attime', String(AT.getTime() / 1000), '-CAfile', 'root.pem', 'nca.pem'],
      { cwd: folder },
    );
    rmSync(folder, { recursive: true });
    expect(answer.stdout.toString()).toContain('nca.pem: OK');
  });
});

describe('the package', () => {
  const home = new URL('../', import.meta.url).pathname;

  async function inputsOf(entry: string): Promise<readonly string[]> {
    const result = await build({
      absWorkingDir: home,
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    return Object.keys(result.metafile.inputs);
  }

  it('never imports signing code from the verifier', async () => {
    for (const entry of ['src/index.ts', 'src/cli.ts', 'src/worker.ts']) {
      const inputs = await inputsOf(entry);
      expect(inputs.filter((path) => path.includes('testing/'))).toEqual([]);
    }
    // The same check finds such an import where there is one.
    expect((await inputsOf('src/testing/index.ts')).some((path) => path.includes('testing/'))).toBe(true);
  });

  it('depends on nothing but Node', async () => {
    const described = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(described['dependencies']).toBeUndefined();
    const inputs = [...(await inputsOf('src/index.ts')), ...(await inputsOf('src/testing/index.ts'))];
    expect(inputs.filter((path) => path.includes('node_modules'))).toEqual([]);
  });

  it('was built from the current AssemblyScript', async () => {
    const stamp = join(home, 'dist/gost.wasm.source');
    const { assemblyDigest } = await import('../build.js');
    expect(
      [existsSync(stamp), existsSync(stamp) && readFileSync(stamp, 'utf8') === assemblyDigest()],
      'run `npm run build -w nca-verify`',
    ).toEqual([true, true]);
  });
});
