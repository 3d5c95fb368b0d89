import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { writeEvidence } from '../src/evidence.ts';
import { REQUIREMENTS } from '../src/signer.ts';
import { cmsPem, makeCms, signCms, signedAttributes, signerInfo } from '../src/testing/cms.ts';
import { algorithm } from '../src/testing/der.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { type Built, buildPackage } from './built.ts';
import { keySeal, recordOf, sealTogether } from './evidence-support.ts';
import { AT, CONTENT, gost, later, PERSON } from './support.ts';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
let built: Built;
let folder: string;

beforeAll(async () => {
  built = await buildPackage();
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
});

afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true });
});

function run(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [built.path('bin/nca-verify.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

const made = join(fixtures, 'made/gost2015');
const attached = join(made, 'gost2015_individual_attached.der');
const detached = join(made, 'gost2015_individual_detached.der');
const at = ['--at', '2026-11-22T12:00:00Z'];

// Each run starts a process.
describe('nca-verify', { timeout: 300_000 }, () => {
  it('judges at the time of a time-stamp, in words and in JSON', () => {
    const early = later(-3_600_000);
    const short = gost.issue(PERSON, { notBefore: later(-86_400_000), notAfter: later(-60_000) });
    writeFileSync(
      join(folder, 'stamped.cms'),
      signCms(short, CONTENT, {
        timeStamps: (signature) => [gost.timeStamp(signature, early), gost.timeStamp(CONTENT, early)],
      }),
    );
    mkdirSync(join(folder, 'anchors'));
    gost.certificates.forEach((der, i) => {
      writeFileSync(join(folder, `anchors/${i}.cer`), der);
    });
    const ask = (...more: readonly string[]) =>
      run('stamped.cms', '--trust', 'anchors', '--at', AT.toISOString(), '--no-revocation', ...more);
    expect(ask()).toMatchObject({ code: 1, out: expect.stringContaining('refused: expired') });
    const words = ask('--time-stamp');
    expect(words.code).toBe(0);
    expect(words.out).toContain('existed at: 2026-11-22T11:00:01.000Z at the latest');
    expect(words.out).toContain('time-stamp: 2026-11-22T11:00:00.000Z by TIME-STAMPING AUTHORITY');
    expect(words.out).toContain('time-stamp: does not count: imprintMismatch');
    expect(JSON.parse(ask('--time-stamp', '--json').out)).toMatchObject({
      ok: true,
      trustedTime: '2026-11-22T11:00:01.000Z',
      timeStamps: expect.arrayContaining([expect.objectContaining({ ok: false, reason: 'imprintMismatch' })]),
    });
  });

  it('says of evidence that the signature was right, and why that can be believed', () => {
    const person = gost.issue(PERSON);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ocsp = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT, nextUpdate: later(60_000) });
    const message = signCms(person, CONTENT, { timeStamps: (data) => [gost.timeStamp(data, AT)] });
    const record = recordOf({ message, ocsp: [ocsp] });
    const [once = record] = sealTogether([record], 'time-stamp', (root) =>
      gost.timeStamp(root, later(86_400_000)),
    );
    const [twice = once] = sealTogether([once], 'key', keySeal(privateKey, 'archive', later(2 * 86_400_000)));
    const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'archive' }] };
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write('once.json', writeEvidence(once));
    write('twice.json', writeEvidence(twice));
    write('altered.json', writeEvidence({ ...twice, ocsp: [] }));
    write('keys.json', JSON.stringify(keys));
    mkdirSync(join(folder, 'roots'));
    gost.certificates.forEach((der, i) => {
      writeFileSync(join(folder, `roots/${i}.cer`), der);
    });
    const ask = (file: string, ...more: readonly string[]) =>
      run('--evidence', file, '--at', '2029-01-01', '--trust', 'roots', ...more);
    const words = ask('once.json');
    expect([words.code, words.err]).toEqual([0, '']);
    expect(words.out).toContain('The signature was right at 2026-11-22T12:00:01.000Z.');
    expect(words.out).toContain('Why that can be believed at 2029-01-01T00:00:00.000Z:');
    expect(words.out).toContain('2. A time-stamp authority vouches that the signature existed then.');
    expect(words.out).toContain('Seal 1 covers all of this: by TIME-STAMPING AUTHORITY');
    expect(words.out).not.toContain('But:');
    expect(ask('twice.json')).toMatchObject({
      code: 1,
      out: expect.stringContaining('sealBroken of seal 2'),
    });
    const both = ask('twice.json', '--seal-keys', 'keys.json');
    expect(both.code).toBe(0);
    expect(both.out).toContain('Seal 2 covers all of this and the seal before: by the key archive');
    expect(both.out).toContain('But: a time above is only the word of the archive');
    expect(ask('altered.json', '--seal-keys', 'keys.json').code).toBe(1);
    expect(JSON.parse(ask('twice.json', '--seal-keys', 'keys.json', '--json').out)).toMatchObject({
      ok: true,
      timeBy: 'time-stamp',
      independent: false,
      seals: [{ kind: 'time-stamp' }, { kind: 'key', by: 'archive' }],
    });
    for (const wrong of [['once.json'], ['--all'], ['--ocsp', 'x'], ['--seal-keys', 'once.json']])
      expect(ask('once.json', ...wrong).code).toBe(2);
    expect(run('once.json', '--seal-keys', 'keys.json').code).toBe(2);
  });

  it('prints the verdict as one line of JSON', () => {
    const { code, out, err } = run(
      attached,
      '--trust',
      made,
      ...at,
      '--no-revocation',
      '--require',
      'individual',
      '--json',
    );
    expect([code, err, out.split('\n').length]).toEqual([0, '', 2]);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      reason: null,
      signer: { iin: '900101300017', kind: 'individual', certificate: { serial: expect.any(String) } },
    });
    const refused = run(
      join(made, 'gost2015_tampered_content.der'),
      '--trust',
      made,
      ...at,
      '--no-revocation',
      '--json',
    );
    expect([refused.code, refused.out.split('\n').length]).toEqual([1, 2]);
    expect(JSON.parse(refused.out)).toMatchObject({ ok: false, reason: 'contentMismatch', signer: null });
  });

  it('prints the verdict in words', () => {
    expect(run(attached, '--trust', made, ...at, '--no-revocation').out).toMatch(
      /^accepted\n {2}signer: ҚҰНАНБАЕВ АБАЙ/,
    );
    expect(run(attached, '--trust', made, ...at).out).toMatch(/^refused: revocationUnknown/);
    expect(run(attached, ...at, '--no-revocation').out).toMatch(/^refused: untrusted/);
  });

  it('takes content, lists, answers and nonces', () => {
    const code = (...args: readonly string[]): number | null => run(...args, '--trust', made, ...at).code;
    const challenge = join(fixtures, 'made/challenge.json');
    expect(code(detached, '--content', challenge, '--no-revocation')).toBe(0);
    expect(code(detached, '--no-revocation')).toBe(1);
    expect(code(attached, '--content', attached, '--no-revocation')).toBe(1);
    expect(code(attached, '--crl', join(made, 'gost2015_nca.crl'))).toBe(0);
    expect(
      code(attached, '--ocsp', join(made, 'gost2015_good.der'), '--ocsp-nonce', '0102030405060708'),
    ).toBe(0);
    expect(code(attached, '--ocsp', join(made, 'gost2015_good.der'), '--ocsp-nonce', '01')).toBe(1);
  });

  it('takes several lists, names an unusable one, and ignores it', () => {
    const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'command') });
    const trust = join(folder, 'trust');
    mkdirSync(trust);
    for (const [i, der] of gost.certificates.entries()) writeFileSync(join(trust, `${i}.cer`), der);
    writeFileSync(join(folder, 'message.cms'), Buffer.from(signCms(person, CONTENT)).toString('base64'));
    writeFileSync(join(folder, 'base.crl'), gost.crl([], { thisUpdate: AT, number: 1 }));
    writeFileSync(
      join(folder, 'delta.crl'),
      gost.crl([{ certificate: person.certificate, at: AT }], { thisUpdate: AT, number: 1, baseNumber: 1 }),
    );
    const ask = (...lists: readonly string[]) =>
      run('message.cms', '--trust', trust, ...at, ...lists.flatMap((list) => ['--crl', list]), '--json');
    expect(ask('base.crl').code).toBe(0);
    expect(JSON.parse(ask('base.crl', 'delta.crl').out)).toMatchObject({ reason: 'revoked' });
    const useless = ask('message.cms');
    expect([useless.code, useless.err.includes('left out')]).toEqual([1, true]);
    expect(JSON.parse(useless.out)).toMatchObject({ reason: 'revocationUnknown' });
  });

  it('refuses a file of any length by its size', () => {
    writeFileSync(join(folder, 'large.cms'), Buffer.alloc(5_000_000, 0x30));
    const { code, out } = run('large.cms', '--json');
    expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ ok: false, reason: 'tooLarge' })]);
  });

  it('gives the same verdicts without the WebAssembly', async () => {
    const plain = await buildPackage({ assembly: false });
    try {
      const list = ['--crl', join(made, 'gost2015_nca.crl')];
      const ask = (file: string): unknown => {
        const args = [file, '--trust', made, ...at, ...list, '--require', 'individual', '--json'];
        const { stdout } = spawnSync(process.execPath, [plain.path('bin/nca-verify.js'), ...args], {
          encoding: 'utf8',
        });
        return JSON.parse(stdout);
      };
      expect(ask(attached)).toMatchObject({ ok: true, signer: { iin: '900101300017' } });
      expect(ask(join(made, 'gost2015_tampered_content.der'))).toMatchObject({ reason: 'contentMismatch' });
    } finally {
      plain.remove();
    }
  });

  it('explains every option and every value of --require, and the README shows the same', () => {
    const { code, out } = run('--help');
    expect([code, out.startsWith('Usage: nca-verify FILE')]).toEqual([0, true]);
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const synopsis = /^Usage: ([\s\S]*?)\n\n/.exec(out)?.[1] ?? '';
    const words = (text: string) => text.replace(/\s+/g, ' ').trim();
    const shown = /## The command\n\n```\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    expect(words(shown)).toBe(words(synopsis));
    for (const requirement of REQUIREMENTS) {
      expect(out).toMatch(new RegExp(`^ +(--require +)?${requirement}: .`, 'm'));
      expect(readme).toContain(`\`require: '${requirement}'\``);
      expect(run(attached, '--trust', made, ...at, '--no-revocation', '--require', requirement).code).toBe(0);
    }
    const options = [...synopsis.matchAll(/\[(--[a-z0-9-]+)/g)].map(([, option]) => option ?? '');
    expect(options.length).toBeGreaterThan(8);
    for (const option of options) expect(out).toMatch(new RegExp(`^  ${option}\\b.{4,}`, 'm'));
  });

  it('reads a large signed document, up to --max-bytes', () => {
    const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'large') });
    const trust = mkdtempSync(join(folder, 'large-'));
    for (const [i, der] of gost.certificates.entries()) writeFileSync(join(trust, `${i}.cer`), der);
    const document = Buffer.alloc(1_500_000, '%PDF-1.7 ');
    writeFileSync(join(folder, 'document.cms'), signCms(person, document));
    writeFileSync(join(folder, 'document.pem'), cmsPem(signCms(person, document)));
    const ask = (file: string, ...more: readonly string[]) =>
      JSON.parse(run(file, '--trust', trust, ...at, '--no-revocation', '--json', ...more).out).reason;
    expect(ask('document.cms')).toBeNull();
    expect(ask('document.pem')).toBeNull();
    expect(ask('document.cms', '--max-bytes', '1500000')).toBe('tooLarge');
    expect(ask('document.cms', '--max-bytes', '1600000')).toBeNull();
    expect(ask('document.pem', '--max-bytes', '65536')).toBe('tooLarge');
  });

  it('reads standard input', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [built.path('bin/nca-verify.js'), '-', '--trust', made, ...at, '--no-revocation', '--json'],
      { input: readFileSync(attached), encoding: 'utf8' },
    );
    expect([status, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
  });

  it('judges every signer with --all, and refuses several without it', () => {
    const [a, b] = [gost.issue(PERSON), gost.issue({ ...PERSON, iin: '900101300025' })];
    const trust = mkdtempSync(join(folder, 'all-'));
    for (const [i, der] of gost.certificates.entries()) writeFileSync(join(trust, `${i}.cer`), der);
    const both = makeCms({
      content: CONTENT,
      certificates: [a.certificate, b.certificate],
      digestAlgorithms: [algorithm(OID.streebog512)],
      signers: [a, b].map((of) => signerInfo(of, signedAttributes(of, CONTENT))),
    });
    writeFileSync(join(folder, 'both.cms'), both);
    const ask = (...more: readonly string[]) =>
      run('both.cms', '--trust', trust, ...at, '--no-revocation', ...more);
    expect([ask().code, ask().out]).toEqual([1, expect.stringMatching(/^refused: severalSigners/)]);
    const { code, out } = ask('--all', '--json');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ ok: true, verdicts: [expect.anything(), expect.anything()] }),
    ]);
    expect(ask('--all').out.match(/^accepted$/gm)).toHaveLength(2);
  });

  it('says who claims to have signed, as unproven', () => {
    const { out } = run(attached, ...at, '--no-revocation');
    expect(out).toMatch(/^refused: untrusted.*\n {2}claims to be signed by, unproven: ҚҰНАНБАЕВ АБАЙ/);
    const json = JSON.parse(run(attached, ...at, '--no-revocation', '--json').out);
    expect(json).toMatchObject({ ok: false, signer: null, claims: [{ proven: false, iin: '900101300017' }] });
  });

  it('verifies folders and several files: a line of JSON for each, in order, and the worst exit code', () => {
    const inbox = mkdtempSync(join(folder, 'inbox-'));
    mkdirSync(join(inbox, 'deep'));
    const right = readFileSync(attached);
    for (let i = 0; i < 12; i++) writeFileSync(join(inbox, `a${String(i).padStart(2, '0')}.cms`), right);
    writeFileSync(join(inbox, 'deep/b.p7s'), readFileSync(join(made, 'gost2015_tampered_content.der')));
    writeFileSync(join(inbox, 'passed-over.txt'), 'text');
    const ask = (...files: readonly string[]) => {
      const { code, out, err } = run(...files, '--trust', made, ...at, '--no-revocation');
      return {
        code,
        err,
        lines: out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      };
    };
    const whole = ask(inbox);
    expect(whole.lines.map(({ file, ok, reason }) => [file, ok, reason])).toEqual([
      ...Array.from({ length: 12 }, (_, i) => [
        join(inbox, `a${String(i).padStart(2, '0')}.cms`),
        true,
        null,
      ]),
      [join(inbox, 'deep/b.p7s'), false, 'contentMismatch'],
    ]);
    expect([whole.code, whole.err]).toEqual([
      1,
      'nca-verify: 13 of 13: 12 accepted, 1 refused, 0 unreadable\n',
    ]);
    expect(ask(attached, attached).code).toBe(0);
    const worst = ask(attached, join(inbox, 'absent.cms'), join(inbox, 'deep'));
    expect([worst.code, worst.lines.map(({ ok }) => ok)]).toEqual([2, [true, false, false]]);
    expect(worst.lines[1]).toMatchObject({ reason: null, error: expect.stringContaining('cannot be read') });
  });

  it('names what is missing', () => {
    expect(run().err).toMatch(/^nca-verify: FILE is missing/);
    expect(run(attached, attached, '--ocsp', attached).err).toMatch(/^nca-verify: --ocsp belongs to one/);
    expect(run(attached, '--at').err).toMatch(/^nca-verify: .*--at/);
  });

  it('accepts 29 February only in leap years', () => {
    const ask = (time: string) => run(attached, '--trust', made, '--no-revocation', '--at', time).code;
    expect([ask('2028-02-29'), ask('2026-12-31T23:59:59+05:00')]).toEqual([0, 0]);
  });

  it('exits with 2 when it is misused, and explains on stderr', () => {
    const misuses: (readonly string[])[] = [
      [],
      ['absent.cms'],
      [mkdtempSync(join(folder, 'empty-'))],
      [attached, attached, '--content', attached],
      [attached, '--all', '--ocsp', attached],
      [attached, '--unknown'],
      [attached, '--at', 'yesterday'],
      [attached, '--at', '2026-13-45'],
      [attached, '--trust', 'absent'],
      [attached, '--crl', 'absent'],
      [attached, '--content'],
      [attached, '--ocsp', attached, '--ocsp-nonce', 'xyz'],
      [attached, '--ocsp-nonce', '01'],
      [attached, '--require', 'everything'],
      [attached, '--require', 'individual|individual-signature'],
      [attached, '--require', ''],
      [attached, '--at', '2023-02-30'],
      [attached, '--at', '2023-02-29T10:00:00Z'],
      [attached, '--at', '2023-04-31T10:00:00+05:00'],
      [attached, '--at', '2023-00-10'],
      [attached, '--at', '2023-01-01T24:00:00Z'],
      [attached, '--at', '2023-01-01T10:60:00Z'],
      [attached, '--at', '2023-01-01T10:00:00+24:00'],
      [attached, '--max-bytes', '0'],
      [attached, '--max-bytes', '-1'],
      [attached, '--max-bytes', '1e3'],
      [attached, '--max-bytes', '999999999999'],
    ];
    for (const args of misuses) {
      const { code, out, err } = run(...args);
      expect([args, code, out, err.startsWith('nca-verify: ')]).toEqual([args, 2, '', true]);
    }
  });
});
