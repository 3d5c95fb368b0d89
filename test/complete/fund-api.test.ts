import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { standInTls } from '../support/kazpost-tls.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

const folder = join(root, 'test/complete/fund-api');
const description = join(root, 'docs/fund-api.yaml');
const program = (tool: string) => join(folder, 'node_modules/.bin', tool);

/** The output of a tool in the folder. Rejects when it exits with another code than 0. */
async function output(tool: string, parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program(tool), parameters, {
    env: { ...process.env, REDOCLY_TELEMETRY: 'off' },
  });
  return stdout;
}

describe('docs/fund-api.yaml', () => {
  test('passes Redocly without a message', async () => {
    const report = JSON.parse(await output('redocly', ['lint', description, '--format=json']));
    expect(report.problems).toEqual([]);
  });

  test('passes Spectral without a message', async () => {
    const ruleset = join(folder, 'spectral.yaml');
    expect(
      JSON.parse(await output('spectral', ['lint', description, '-r', ruleset, '-q', '-f', 'json'])),
    ).toEqual([]);
  });

  test('is read by both: a planted fault is reported', async () => {
    const planted = mkdtempSync(join(tmpdir(), 'kabinet-planted-'));
    const file = join(planted, 'planted.yaml');
    writeFileSync(file, 'openapi: 3.1.0\ninfo: { title: A, version: "1" }\npaths: { /a: { get: {} } }\n');
    const told = (tool: string, parameters: readonly string[]) =>
      output(tool, parameters).catch(({ stdout }: { stdout: string }) => stdout);
    const redocly = JSON.parse(await told('redocly', ['lint', file, '--format=json']));
    expect(redocly.totals.errors).toBeGreaterThan(0);
    const spectral = await told('spectral', [
      'lint',
      file,
      '-r',
      join(folder, 'spectral.yaml'),
      '-f',
      'json',
    ]);
    expect(JSON.parse(spectral).length).toBeGreaterThan(0);
    rmSync(planted, { recursive: true });
  });
});

describe('the fund as simulated by Prism', () => {
  const person = inventPerson(900, { iin: '900101300007' });
  let prism: ChildProcess;
  let service: TestService;
  const keys = mkdtempSync(join(tmpdir(), 'kabinet-prism-'));

  beforeAll(async () => {
    const port = await freePort();
    prism = spawn(process.execPath, [program('prism'), 'mock', description, '-p', String(port), '--errors'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await listening(prism);
    const key = join(keys, 'token.pem');
    writeFileSync(key, standInTls.key);
    service = await startService({
      DEMO: '1',
      FUND_URL: `http://127.0.0.1:${port}`,
      FUND_TOKEN_KEY: key,
    });
    await service.enrol(person);
  });

  afterAll(async () => {
    await service?.close();
    prism?.kill();
    rmSync(keys, { recursive: true });
  });

  test('lets a holder sign in, see the data of the example, and save a change that arrives', async () => {
    const client = await signedIn(service, person);
    const path = '/services/requisites';
    const { body } = await client.get(path);
    const shown = visibleText(readPage(body));
    for (const one of ['041234567', 'МВД РК', '111111111111111111']) expect(shown).toContain(one);
    const form = formOf(body, path, { apartment: '77' });
    expect(new Map(form).get('address')).toBe('Алматы қ., Абай даңғылы, 5');
    const saved = await client.post(path, form);
    expect(saved.status).toBe(303);
    const receipt = String(saved.headers['location']);
    await expect
      .poll(async () => visibleText(readPage((await client.get(receipt)).body)), { timeout: 30_000 })
      .toContain(textsOf('kk').receipt.applied.replace('{time}', '').trim());
  });

  test('gets no request that it refuses: all answers are read, and the health request is answered', () => {
    const lines = service.logLines.map((line) => JSON.parse(line) as { msg: string; code?: string });
    const told = lines.filter(({ msg }) => /the fund/.test(msg) || /fund's answer/.test(msg));
    expect(told.map(({ msg, code }) => [msg, code])).toEqual([['the fund answers', undefined]]);
  });
});

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Resolves when Prism reports that it listens. Rejects when it ends before that. */
function listening(prism: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    prism.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Prism is listening')) resolve();
    });
    prism.once('exit', (code) => reject(new Error(`Prism ended with ${code}: ${said}`)));
  });
}
