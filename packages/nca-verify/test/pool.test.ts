import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifierPool, VerifierBusyError, type VerifierPool } from '../src/pool.ts';
import { signCms } from '../src/testing/cms.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { ocspRequest } from '../src/verify.ts';
import { type Built, buildPackage } from './built.ts';
import { AT, CONTENT, gost, outcome, PERSON } from './support.ts';

let built: Built;
let folder: string;
let pool: VerifierPool;
const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'pool') });
const message = signCms(person, CONTENT);
const NONCE = Buffer.alloc(16, 7);

beforeAll(async () => {
  built = await buildPackage();
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
  pool = createVerifierPool({ certificates: gost.certificates, size: 2, workerUrl: built.url('worker.js') });
});

afterAll(async () => {
  await pool.close();
  built.remove();
  rmSync(folder, { recursive: true });
});

describe('the pool', () => {
  it('gives the verdicts of the library, many at a time, each to its own question', async () => {
    const asked = Array.from({ length: 40 }, (_, i) =>
      i % 3 === 0 ? { content: Buffer.from(`other ${i}`) } : { content: CONTENT },
    );
    const verdicts = await Promise.all(
      asked.map((given) => pool.verify({ message, at: AT, revocation: 'skip', ...given })),
    );
    expect(verdicts.map(outcome)).toEqual(asked.map((_, i) => (i % 3 === 0 ? 'contentMismatch' : 'ok')));
    expect(verdicts[1]).toMatchObject({
      ok: true,
      signer: { iin: PERSON.iin, certificate: { notBefore: expect.any(Date) } },
    });
  });

  it('checks revocation apart, by answer or by a list that it loaded itself', async () => {
    const verdict = await pool.verify({ message, at: AT, revocation: 'skip', require: 'individual' });
    if (!verdict.ok) throw new Error(verdict.reason);
    const request = ocspRequest(verdict.chain, NONCE);
    const response = gost.answerOcsp(request, [person.certificate], [], AT);
    const { der } = verdict.signer.certificate;
    const answered = await pool.checkRevocation({
      certificate: der,
      at: AT,
      ocsp: { response, nonce: NONCE },
    });
    expect(answered).toMatchObject({ ok: true, revocation: { source: 'ocsp' } });

    const file = join(folder, 'list.crl');
    writeFileSync(file, gost.crl([{ certificate: person.certificate, at: AT }], { thisUpdate: AT }));
    const loaded = await pool.loadCrl(file);
    if (!loaded.ok) throw new Error(loaded.detail);
    expect(loaded.crl.octets.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(
      outcome((await pool.checkRevocation({ certificate: der, at: AT, crls: [loaded.crl] })) as never),
    ).toBe('revoked');
    expect(outcome(await pool.verify({ message, at: AT, crls: [loaded.crl] }))).toBe('revoked');
  });

  it('rejects when a list cannot be read, and goes on', async () => {
    await expect(pool.loadCrl(join(folder, 'absent.crl'))).rejects.toThrow('ENOENT');
    writeFileSync(join(folder, 'empty.crl'), '');
    expect(outcome((await pool.loadCrl(join(folder, 'empty.crl'))) as never)).toBe('malformed');
    expect(outcome(await pool.verify({ message, at: AT, revocation: 'skip' }))).toBe('ok');
  });

  it('rejects what cannot be sent to a thread, and goes on', async () => {
    const unsendable = { message, at: AT, content: (() => CONTENT) as never };
    await expect(pool.verify(unsendable)).rejects.toThrow('could not be cloned');
    expect(outcome(await pool.verify({ message, at: AT, revocation: 'skip' }))).toBe('ok');
  });

  it('takes no more than may wait', async () => {
    const small = createVerifierPool({
      certificates: gost.certificates,
      size: 1,
      maxWaiting: 3,
      workerUrl: built.url('worker.js'),
    });
    const asked = Array.from({ length: 8 }, () => small.verify({ message, at: AT, revocation: 'skip' }));
    const settled = await Promise.allSettled(asked);
    const refused = settled.filter(
      (result) => result.status === 'rejected' && result.reason instanceof VerifierBusyError,
    );
    await small.close();
    expect(refused).toHaveLength(5);
    await expect(small.verify({ message, at: AT })).rejects.toThrow('closed');
  });

  it('ends a verification that takes too long, refuses it, and answers the next', async () => {
    // Stands in for the real worker: hangs on one message, answers the rest.
    const script = join(folder, 'hanging.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ request }) => {
         if (request.message === 'hang') for (;;);
         if (request.message === 'crash') process.exit(3);
         parentPort.postMessage({ value: { ok: false, reason: 'malformed', detail: '' } });
       });
       parentPort.postMessage({ ready: true });`,
    );
    const slow = createVerifierPool({
      certificates: [],
      size: 1,
      timeLimit: 1500,
      workerUrl: pathToFileURL(script),
    });
    const ask = (text: string) => slow.verify({ message: text, at: AT });
    const [hung, next] = await Promise.all([ask('hang'), ask('next')]);
    expect([hung, next].map(outcome)).toEqual(['tooLarge', 'malformed']);
    await expect(ask('crash')).rejects.toThrow('ended');
    expect(outcome(await ask('after'))).toBe('malformed');
    await slow.close();
  });

  it('finds its thread and its WebAssembly from a bundle that leaves the package out', async () => {
    const app = join(folder, 'app');
    mkdirSync(join(app, 'node_modules'), { recursive: true });
    symlinkSync(built.path('.'), join(app, 'node_modules/nca-verify'));
    writeFileSync(
      join(app, 'main.ts'),
      `import { createVerifierPool, type Verdict } from 'nca-verify';
       import { createTestAuthority, signCms } from 'nca-verify/testing';
       const at = new Date('2026-11-22T12:00:00Z');
       const authority = createTestAuthority({ at });
       const person = authority.issue({ iin: '900101300017', surname: 'A', name: 'B' });
       const pool = createVerifierPool({ certificates: authority.certificates, size: 1 });
       const verdict: Verdict = await pool.verify({ message: signCms(person, Buffer.from('x')), at, revocation: 'skip' });
       console.log(verdict.ok && verdict.signer.iin);`,
    );
    const outfile = join(app, 'out/main.mjs');
    await build({
      entryPoints: [join(app, 'main.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['nca-verify'],
    });
    // It also ends by itself: an idle pool keeps no process alive.
    const { stdout, stderr, status } = spawnSync(process.execPath, [outfile], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([stderr, stdout, status]).toEqual(['', '900101300017\n', 0]);
  });

  it('says so when its threads cannot start', async () => {
    const broken = createVerifierPool({
      certificates: [],
      size: 1,
      workerUrl: pathToFileURL(join(folder, 'absent.mjs')),
    });
    await expect(broken.verify({ message, at: AT })).rejects.toThrow('cannot start');
    await broken.close();
  });
});
