import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ocspRequest } from '../src/check-revocation.ts';
import {
  createVerifierPool,
  VerifierBusyError,
  type VerifierPool,
  type VerifierPoolOptions,
} from '../src/pool.ts';
import { signCms } from '../src/testing/cms.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import type { Verdict } from '../src/verdict.ts';
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
  pool = createVerifierPool({ certificates: gost.certificates, size: 2, workerUrl: built.url('worker.cjs') });
});

afterAll(async () => {
  await pool.close();
  built.remove();
  rmSync(folder, { recursive: true });
});

describe('the pool', () => {
  it('gives the library’s verdicts, many at a time, each to its own request', async () => {
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

  it('judges every signer, and a certificate alone', async () => {
    const all = await pool.verifyAll({ message, at: AT, revocation: 'skip' });
    expect(all).toMatchObject({ ok: true, verdicts: [{ signer: { iin: PERSON.iin } }] });
    const { certificate } = person;
    const checked = await pool.verifyCertificate({ certificate, at: AT, revocation: 'skip' });
    expect(checked).toMatchObject({ ok: true, holder: { proven: true, iin: PERSON.iin } });
    await expect(pool.verifyAll({ message } as never)).rejects.toThrow('`at` is missing');
    await expect(pool.verifyCertificate({ at: AT } as never)).rejects.toThrow('`certificate` is missing');
  });

  it('checks revocation separately, by an answer or by a list that it loaded', async () => {
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
    const unsendable = { message, at: AT, maxBytes: undefined, crls: [() => CONTENT] as never };
    await expect(pool.verify(unsendable)).rejects.toThrow('could not be cloned');
    expect(outcome(await pool.verify({ message, at: AT, revocation: 'skip' }))).toBe('ok');
  });

  it('refuses more work than may wait', async () => {
    const small = createVerifierPool({
      certificates: gost.certificates,
      size: 1,
      maxWaiting: 3,
      workerUrl: built.url('worker.cjs'),
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

  /** Replaces the real worker: it answers, hangs on one message and ends on another. */
  function scripted(options: Partial<VerifierPoolOptions>): {
    pool: VerifierPool;
    ask: (text: string, key?: string) => Promise<Verdict>;
  } {
    const script = join(folder, 'scripted.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ request }) => {
         if (request.message === 'hang') for (;;);
         if (request.message === 'crash') process.exit(3);
         parentPort.postMessage({ value: { ok: false, reason: 'malformed', detail: '' } });
         if (request.content === undefined) return;
         const answered = new Int32Array(request.content.buffer);
         Atomics.store(answered, 0, 1);
         Atomics.notify(answered, 0);
       });
       parentPort.postMessage({ ready: true });`,
    );
    const scriptedPool = createVerifierPool({
      certificates: [],
      size: 1,
      workerUrl: pathToFileURL(script),
      ...options,
    });
    return {
      pool: scriptedPool,
      ask: (text, key) => scriptedPool.verify({ message: text, at: AT }, key === undefined ? {} : { key }),
    };
  }

  it('rejects a verification that takes too long, and answers the next', async () => {
    const slow = scripted({ timeLimit: 1500 });
    const [hung, next] = await Promise.allSettled([slow.ask('hang'), slow.ask('next')]);
    expect(hung).toMatchObject({
      status: 'rejected',
      reason: { name: 'VerifierBusyError', reason: 'timeLimit' },
    });
    expect(next).toMatchObject({ status: 'fulfilled', value: { reason: 'malformed' } });
    await expect(slow.ask('crash')).rejects.toThrow('ended');
    expect(outcome(await slow.ask('after'))).toBe('malformed');
    await slow.pool.close();
  });

  it('accepts an answer that came while the main thread was busy beyond the limit', async () => {
    const timeLimit = 1000;
    const { pool: quick, ask } = scripted({ timeLimit });
    expect(outcome(await ask('first'))).toBe('malformed');
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const begin = performance.now();
    const answer = quick.verify({ message: 'second', at: AT, content: new Uint8Array(answered.buffer) });
    Atomics.wait(answered, 0, 0);
    while (performance.now() < begin + timeLimit + 100);
    expect(outcome(await answer)).toBe('malformed');
    await quick.close();
  });

  it('serves the keys in turn, and limits the waiting work of one key', async () => {
    const { pool: fair, ask } = scripted({ maxWaiting: 8, maxWaitingPerKey: 3 });
    const order: string[] = [];
    const note = (name: string, key?: string) =>
      ask(name, key).then(
        () => order.push(name),
        (error: VerifierBusyError) => order.push(`${name} ${error.reason}`),
      );
    await Promise.all([
      ...['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => note(name, 'a')),
      note('b1', 'b'),
      note('none1'),
      note('none2'),
      note('b2', 'b'),
      note('c1', 'c'),
      note('c2', 'c'),
    ]);
    expect(order).toEqual([
      'a4 share',
      'a5 share',
      'c2 full',
      ...['a1', 'b1', 'none1', 'c1', 'a2', 'b2', 'none2', 'a3'],
    ]);
    await fair.close();
  });

  it('lets a check of revocation wait beyond the limit of its key', async () => {
    const { pool: fair, ask } = scripted({ maxWaitingPerKey: 1 });
    const first = ask('first', 'a');
    await expect(ask('second', 'a')).rejects.toMatchObject({ reason: 'share' });
    const checked = fair.checkRevocation({ certificate: person.certificate, at: AT }, { key: 'a' });
    expect(await Promise.all([first, checked])).toHaveLength(2);
    await fair.close();
  });

  it('rejects a wrong argument with its name, and starts nothing with a wrong option', async () => {
    await expect(pool.verify({ message, at: AT, require: 'indvidual' as never })).rejects.toThrow(
      new TypeError('`require` is not "individual" or "individual-signature"'),
    );
    await expect(pool.checkRevocation({ at: AT } as never)).rejects.toThrow('`certificate` is missing');
    const wrong = { size: 0, timeLimit: Number.NaN, maxWaiting: -1, maxWaitingPerKey: 1.5 };
    for (const [name, value] of Object.entries(wrong)) {
      expect(() => createVerifierPool({ certificates: [], [name]: value })).toThrow(`\`${name}\` is not`);
    }
    expect(() => createVerifierPool(undefined as never)).toThrow('`options` is missing');
    expect(() => createVerifierPool({} as never)).toThrow('`certificates` is missing');
  });

  it('rejects when its threads cannot start', async () => {
    const broken = createVerifierPool({
      certificates: [],
      size: 1,
      workerUrl: pathToFileURL(join(folder, 'absent.mjs')),
    });
    await expect(broken.verify({ message, at: AT })).rejects.toThrow('cannot start');
    await broken.close();
  });
});
