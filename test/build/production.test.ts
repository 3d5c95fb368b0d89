import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';

// A production build contains no demonstration, whatever the settings say.

let folder: string;
let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
  const parent = join(root, 'node_modules/.cache');
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, 'kabinet-production-'));
  await build('--production', '--out', folder);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await fresh.drop();
});

function build(...parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(root, 'scripts/build.mjs'), ...parameters], (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

/** Texts that only the demonstration contains. */
const traces = [
  '/demo/inbox',
  'demo-people',
  'npm run agent',
  'function inboxRoutes',
  'insert into cabinet.inbox',
];

const tracesIn = (where: string) => {
  const files = readdirSync(where, { withFileTypes: true }).filter((entry) => entry.isFile());
  const text = files.map(({ name }) => readFileSync(join(where, name), 'utf8')).join('\n');
  return traces.filter((trace) => text.includes(trace));
};

function start(settings: Readonly<Record<string, string>>, ...options: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...options, join(folder, 'main.js')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('the bundles and their maps contain none of it; those of a demonstration contain all of it', async () => {
  expect(tracesIn(folder)).toEqual([]);
  const usual = join(folder, 'usual');
  await build('--out', usual);
  expect(tracesIn(usual)).toEqual(traces);
});

describe('a start', () => {
  test.each([
    ['that asks for a demonstration', { DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }],
    ['without any setting, which elsewhere is one', {}],
  ])('%s is refused', async (_, settings) => {
    const process = start(settings);
    let said = '';
    process.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(process, 'close');
    expect(said).toContain('DEMO: this build holds no demonstration');
    expect(code).toBe(1);
  });

  const forReal = () => ({
    NODE_ENV: 'production',
    SECRET_KEYS: 'k'.repeat(32),
    DATABASE_URL: urlOf(fresh.connection),
  });

  /** The origin that the process reports when it listens. */
  async function listening(process: ChildProcess): Promise<string> {
    for await (const line of createInterface({ input: process.stdout as NodeJS.ReadableStream })) {
      const origin = /^The cabinet is at (\S+)$/.exec(line)?.[1];
      if (origin) return origin;
    }
    throw new Error('it ended before it listened');
  }

  test('with real settings serves people, and has no inbox', async () => {
    const process = start(forReal());
    const origin = await listening(process);
    const status = async (path: string) => (await fetch(`${origin}${path}`)).status;
    expect(await status('/health/ready')).toBe(200);
    expect(await status('/sign-in')).toBe(200);
    expect(await status('/demo/inbox')).toBe(404);
    expect(await fresh.database.rows(sql`select from fund.person`)).toEqual([]);
    process.kill('SIGTERM');
    expect(await once(process, 'close')).toEqual([0, null]);
  });

  test.each(['all', 'web', 'worker'])('with ROLE=%s says why nobody can sign in yet', async (ROLE) => {
    const process = start({ ...forReal(), ROLE });
    let said = '';
    process.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    for await (const line of createInterface({ input: process.stdout as NodeJS.ReadableStream }))
      if (/^The cabinet is at|^This process delivers/.test(line)) break;
    process.kill('SIGTERM');
    expect(await once(process, 'close')).toEqual([0, null]);
    expect(said).toContain('neither SMTP_URL nor SMPP_URL is set: nobody can register');
    expect(said).toContain('the embedded fund has no people: nobody can sign in');
  });

  test.each([
    ['an error', `throw Object.assign(new Error('900101300007'), { detail: 'Key (iin)=(900101300007)' })`],
    ['a refused promise', `Promise.reject(Object.assign(new Error('900101300007'), { code: '23505' }))`],
    ['a text', `throw '900101300007'`],
  ])('that nobody protects from %s ends it and prints nothing of what was in hand', async (_, fault) => {
    const plant = join(folder, 'plant.mjs');
    writeFileSync(plant, `process.on('SIGUSR2', () => { ${fault} })`);
    const process = start(forReal(), '--import', plant);
    let said = '';
    process.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    await listening(process);
    process.kill('SIGUSR2');
    expect(await once(process, 'close')).toEqual([1, null]);
    expect(said).not.toContain('900101300007');
    const last = said.trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ level: 60, msg: 'an uncaught error ends the process' });
  });
});
