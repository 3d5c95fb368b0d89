/** `nca-verify serve`, as a process of its own, asked by HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cmsPem, signCms } from '../src/testing/cms.ts';
import { REASONS } from '../src/verdict.ts';
import { type Built, buildPackage } from './built.ts';
import { AT, CONTENT, gost, PERSON } from './support.ts';

let built: Built;
let folder: string;
let service: ChildProcess;
let url: string;
const person = gost.issue(PERSON);
const message = cmsPem(signCms(person, CONTENT));
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const right = { message, content: base64(CONTENT), at: AT.toISOString(), revocation: 'skip' };

beforeAll(async () => {
  built = await buildPackage();
  folder = mkdtempSync(join(tmpdir(), 'nca-verify-serve-'));
  for (const [i, der] of gost.certificates.entries()) writeFileSync(join(folder, `${i}.cer`), der);
  const args = ['serve', '--port', '0', '--trust', folder, '--max-bytes', '65536'];
  service = spawn(process.execPath, [built.path('bin/nca-verify.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (service.stdout === null) throw new Error('no output');
  [url] = (await once(createInterface(service.stdout), 'line')) as [string];
});

afterAll(async () => {
  service.kill('SIGTERM');
  const [code] = await once(service, 'exit');
  expect(code).toBe(0);
  built.remove();
  rmSync(folder, { recursive: true });
});

/** Sends a body as JSON. Gives the status and the answer. */
async function ask(body: unknown, headers: Record<string, string> = {}): Promise<readonly [number, unknown]> {
  const response = await fetch(`${url}/verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

describe('nca-verify serve', { timeout: 120_000 }, () => {
  it('listens on the loopback interface and says where', () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('gives verdicts, accepted and refused, with status 200', async () => {
    expect(await ask(right)).toEqual([
      200,
      expect.objectContaining({
        ok: true,
        reason: null,
        content: base64(CONTENT),
        signer: expect.objectContaining({ iin: PERSON.iin, proven: true }),
      }),
    ]);
    const other = { ...right, content: base64(Buffer.from('other')) };
    expect(await ask(other)).toMatchObject([200, { ok: false, reason: 'contentMismatch', claims: [] }]);
    expect(await ask({ ...other, claims: true })).toMatchObject([200, { claims: [{ proven: false }] }]);
    expect(await ask({ ...right, revocation: 'check' })).toMatchObject([
      200,
      { reason: 'revocationUnknown' },
    ]);
    expect(await ask({ ...right, revocation: undefined })).toMatchObject([
      200,
      { reason: 'revocationUnknown' },
    ]);
    expect(await ask({ ...right, all: true })).toMatchObject([200, { ok: true, verdicts: [{ ok: true }] }]);
    expect(await ask({ ...right, message: 'nothing' })).toMatchObject([200, { reason: 'malformed' }]);
  });

  it('takes an OCSP answer', async () => {
    const response = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT });
    const request = { ...right, revocation: 'check', ocsp: { response: base64(response) } };
    expect(await ask(request)).toMatchObject([200, { ok: true, revocation: { source: 'ocsp' } }]);
  });

  it('gives no verdict for a wrong request, and says what is wrong', async () => {
    const wrong: readonly (readonly [number, unknown, RegExp])[] = [
      [400, '{', /not JSON/],
      [400, '[]', /not an object/],
      [400, {}, /`message` is missing/],
      [400, { ...right, message: 7 }, /`message` is missing/],
      [400, { ...right, requier: 'individual' }, /does not exist: requier/],
      [400, { ...right, trust: 'mine' }, /does not exist: trust/],
      [400, { ...right, allowGost2004: true }, /does not exist/],
      [400, { ...right, require: 'anything' }, /`require` is not/],
      [400, { ...right, revocation: 'no' }, /`revocation` is not/],
      [400, { ...right, content: 'not base64!' }, /`content` is not base64/],
      [400, { ...right, at: 'yesterday' }, /`at` is not a time/],
      [400, { ...right, at: 7 }, /`at` is not a time/],
      [400, { ...right, all: 'yes' }, /`all` is not/],
      [400, { ...right, all: true, ocsp: { response: '' } }, /`ocsp` is about one signer/],
      [400, { ...right, ocsp: { answer: '' } }, /does not exist: answer/],
      [413, { ...right, message: 'A'.repeat(400_000) }, /more than/],
    ];
    for (const [status, body, error] of wrong)
      expect([body, await ask(body)]).toEqual([body, [status, { error: expect.stringMatching(error) }]]);
  });

  it('answers no page of a browser: another host, or a form', async () => {
    expect(await ask(right, { 'content-type': 'text/plain' })).toMatchObject([415, {}]);
    const status = await new Promise((resolve, reject) => {
      const asked = httpRequest(
        `${url}/openapi.json`,
        { headers: { host: 'attacker.example' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asked.on('error', reject);
      asked.end();
    });
    expect(status).toBe(403);
  });

  it('describes itself, with every reason', async () => {
    const described = await (await fetch(`${url}/openapi.json`)).text();
    for (const reason of REASONS) expect(described).toContain(`"${reason}"`);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/verify`)).status).toBe(405);
  });
});
