import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, rmSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Binaries, packagedBinaries } from '../../src/binaries.ts';
import type { Connection, LocalPostgresOptions } from '../../src/options.ts';
import { serverProcess } from '../../src/process.ts';
import { attachLocalPostgres, type LocalPostgres, startLocalPostgres } from '../../src/start.ts';
import { scratchFolder } from './scratch.ts';

export const asRoot = process.geteuid?.() === 0;

/** The folder with the programs and folders of one test file. Every user may enter it. */
export let shelf: string;
/** The test program's folder, which contains the database's folder. */
export let home: string;
export let used: LocalPostgres[];
let children: ChildProcess[];
let childScript: string;
/** A program's folder to copy. */
let seeded: string;

/** Gives each test a folder, and stops everything that the test has started. */
export function prepareFolders(): void {
  beforeAll(async () => {
    shelf = scratchFolder('local-postgres-');
    chmodSync(shelf, 0o711);
    childScript = join(shelf, 'child.cjs');
    await build({
      entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
      outfile: childScript,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'silent',
      external: ['pg-native'],
    });
    chmodSync(childScript, 0o644);
    seeded = join(shelf, 'seeded');
    await (await startLocalPostgres(optionsIn(seeded))).stop();
  });

  afterAll(() => rmSync(shelf, { recursive: true, force: true }));

  beforeEach(async () => {
    home = await mkdtemp(join(shelf, 'var-'));
    used = [];
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(used.map((server) => server.stop()));
    const left = serverProcess(data());
    if (left !== undefined) process.kill(left, 'SIGKILL');
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  });
}

/** The options that a program called `shop` passes. */
export function optionsIn(folder: string): LocalPostgresOptions {
  return {
    folder: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    name: 'shop',
    role: 'shop',
    database: 'shop',
    log: { info: () => undefined, warn: () => undefined },
    words: { folder: 'SHOP_DIR', alternative: 'set SHOP_DATABASE' },
  };
}

export const data = (folder = home) => join(folder, 'postgres', 'data');
export const logFile = () => join(home, 'postgres.log');
export const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Copies a database that has run once into the folder, which is faster than making a new one. */
export async function seed(): Promise<void> {
  await mkdir(join(home, 'postgres'), { mode: 0o700 });
  await cp(data(seeded), data(), { recursive: true });
}

export async function start(options: Partial<LocalPostgresOptions> = {}): Promise<LocalPostgres> {
  const server = await startLocalPostgres({ ...optionsIn(home), ...options });
  used.push(server);
  return server;
}

export async function attach(options: Partial<LocalPostgresOptions> = {}): Promise<LocalPostgres> {
  const server = await attachLocalPostgres({ ...optionsIn(home), ...options });
  used.push(server);
  return server;
}

export async function query(
  { connection }: { readonly connection: Connection },
  text: string,
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

export interface Child {
  readonly process: ChildProcess;
  readonly connection: Connection;
  /** The number of the last row that is known to be committed. */
  written(): number;
  readonly ended: Promise<unknown>;
}

/** Starts a service in its own process. Rejects with its output when it does not start. */
export async function spawnService(options: SpawnOptions = {}, more: object = {}): Promise<Child> {
  const binaries = await packagedBinaries(join(home, 'unused'));
  const parameters = JSON.stringify({ ...optionsIn(home), log: undefined, binaries, ...more });
  const child = spawn(process.execPath, [childScript, parameters], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
  });
  endWithTest(child);
  const ended = once(child, 'exit');
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  let written = 0;
  const connection = await new Promise<Connection>((resolve, reject) => {
    if (child.stdout === null) throw new Error('no output');
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice(6)));
      if (line.startsWith('wrote ')) written = Number(line.slice(6));
    });
    void ended.then(() => reject(new Error(complaint)));
  });
  return { process: child, connection, written: () => written, ended };
}

/** Kills the process after the test. */
export function endWithTest(child: ChildProcess): void {
  children.push(child);
}

/** The programs as npm unpacks them when install scripts are off. */
export async function bareCopy(): Promise<Binaries & { readonly bundle: string }> {
  const { bundle: original = '', version } = await packagedBinaries(join(home, 'unused'));
  const bundle = join(home, 'copy');
  await cp(original, bundle, { recursive: true, filter: (source) => !lstatSync(source).isSymbolicLink() });
  return { bin: join(bundle, 'bin'), version, bundle };
}
