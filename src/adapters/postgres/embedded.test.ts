import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { type ConnectionParts, openDatabase } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { root } from '../../platform/root.ts';
import {
  attachEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded.ts';
import { type Binaries, linkLibraries, packagedBinaries } from './embedded-binaries.ts';
import { isServer, serverProcess } from './embedded-process.ts';

const asRoot = process.geteuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };
const nobodyRunsNode = asRoot && spawnSync(process.execPath, ['--version'], nobody).status === 0;

/** Programs and folders of all tests, enterable by everybody. */
let shelf: string;
let childScript: string;
/** A `VAR_DIR` to copy. */
let seeded: string;
let varDir: string;
let used: EmbeddedPostgres[];
let children: ChildProcess[];
let said: string[];
const log = { info: (message: string) => said.push(message), warn: (message: string) => said.push(message) };

beforeAll(async () => {
  shelf = scratchFolder('kabinet-embedded-');
  chmodSync(shelf, 0o711);
  childScript = join(shelf, 'child.cjs');
  await build({
    entryPoints: [join(root, 'test/support/embedded-child.ts')],
    outfile: childScript,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    external: ['pg-native'],
  });
  chmodSync(childScript, 0o644);
  said = [];
  seeded = join(shelf, 'seeded');
  await (await startEmbeddedPostgres({ varDir: seeded, log })).stop();
});

afterAll(() => rmSync(shelf, { recursive: true, force: true }));

beforeEach(async () => {
  varDir = await mkdtemp(join(shelf, 'var-'));
  used = [];
  children = [];
  said = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(used.map((server) => server.stop()));
  const left = serverProcess(data());
  if (left !== undefined) process.kill(left, 'SIGKILL');
  rmSync(varDir, { recursive: true, force: true, maxRetries: 3 });
});

const data = (folder = varDir) => join(folder, 'postgres', 'data');

/** Puts a database that has run once into the folder, faster than making one anew. */
async function seed(): Promise<void> {
  await mkdir(join(varDir, 'postgres'), { mode: 0o700 });
  await cp(data(seeded), data(), { recursive: true });
}

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ varDir, log, ...options });
  used.push(server);
  return server;
}

async function attach(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await attachEmbeddedPostgres({ varDir, log, ...options });
  used.push(server);
  return server;
}

async function query(
  { connection }: { readonly connection: ConnectionParts },
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

interface Child {
  readonly process: ChildProcess;
  readonly connection: ConnectionParts;
  /** The last row known to be committed. */
  written(): number;
  readonly ended: Promise<unknown>;
}

/** A service in a process of its own; rejects with what it says when it does not start. */
async function spawnService(options: SpawnOptions = {}, more: object = {}): Promise<Child> {
  const binaries = await packagedBinaries(join(varDir, 'unused'));
  const parameters = JSON.stringify({ varDir, binaries, ...more });
  const child = spawn(process.execPath, [childScript, parameters], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
  });
  children.push(child);
  const ended = once(child, 'exit');
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  let written = 0;
  const connection = await new Promise<ConnectionParts>((resolve, reject) => {
    if (child.stdout === null) throw new Error('no output');
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice(6)));
      if (line.startsWith('wrote ')) written = Number(line.slice(6));
    });
    void ended.then(() => reject(new Error(complaint)));
  });
  return { process: child, connection, written: () => written, ended };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('a service on an empty folder', () => {
  test('starts on an empty folder, privately, and stops', async () => {
    const server = await start();
    expect(server.connection).toMatchObject({ user: 'kabinet', database: 'kabinet' });
    expect(server.location).toBe(join(varDir, 'postgres'));
    expect([mode(data()), mode(server.connection.host), mode(join(varDir, 'postgres.log'))]).toEqual([
      '700',
      '700',
      '600',
    ]);
    expect(mode(join(server.connection.host, '.s.PGSQL.5432'))).toBe('700');
    const settings = await query(
      server,
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
         current_setting('server_encoding') as encoding, lower('ӘҒҚҢӨҰҮҺІ') as lowered,
         (select rolsuper from pg_roles where rolname = current_user) as superuser,
         (select string_agg(w, ' ' order by w) from unnest(array['б', 'a', 'ә', 'Z', 'я']) as w) as sorted`,
    );
    expect(settings).toEqual([
      {
        addresses: '',
        fsync: 'on',
        encoding: 'UTF8',
        lowered: 'әғқңөұүһі',
        superuser: false,
        sorted: 'Z a б я ә',
      },
    ]);
    await query(server, 'create extension pg_trgm');
    expect(await query(server, `select similarity('Қабанбай', 'қабанбай') as alike`)).toEqual([{ alike: 1 }]);

    const pid = serverProcess(data());
    expect(pid).toBeGreaterThan(1);
    await server.stop();
    expect(isServer(pid ?? 0, data())).toBe(false);
    expect(existsSync(join(data(), 'postmaster.pid'))).toBe(false);
    await expect(query(server, 'select 1')).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  });

  test('wins or is refused when two start at once', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await query(used[0] ?? (await start()), 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('works in a folder deeper than a socket may be', async () => {
    const deep = join(varDir, ...Array.from({ length: 12 }, (_, n) => `қалта ${n} "quoted", long`));
    const server = await start({ varDir: deep });
    expect(mode(server.connection.host)).toBe('700');
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
    await server.stop();
    expect(existsSync(server.connection.host)).toBe(false);
  });

  test('refuses the data of another PostgreSQL', async () => {
    await mkdir(data(), { recursive: true, mode: 0o700 });
    await writeFile(join(data(), 'PG_VERSION'), '12\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 12 and this is 18/);
  });
});

describe('a service', () => {
  beforeEach(seed);

  test('finds its data again', async () => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await first.stop();
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('is the only one on its folder', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(
      `Another service, process ${process.pid}, already uses ${join(varDir, 'postgres')}: stop it, or set another VAR_DIR.`,
    );
    expect(await query(first, 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('follows one that is just stopping', async () => {
    const first = await start();
    const [second] = await Promise.all([start(), first.stop()]);
    expect(await query(second, 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('has its server back when that dies', async () => {
    const server = await start();
    await query(server, 'create table kept as select 7 as n');
    const database = openDatabase(server.connection);
    expect(await database.rows(sql`select n from kept`)).toEqual([{ n: 7 }]);
    process.kill(serverProcess(data()) ?? 0, 'SIGKILL');
    await vi.waitFor(
      async () => expect(await database.rows(sql`select n from kept`)).toEqual([{ n: 7 }]),
      20_000,
    );
    await database.close();
    const { administration: connection } = server;
    const claims = `select count(*)::int as n from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock'`;
    await vi.waitFor(async () => expect(await query({ connection }, claims)).toEqual([{ n: 1 }]), 20_000);
    await expect(start()).rejects.toThrow('Another service');
    await server.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('has nothing of its statements or their values in the log', async () => {
    const server = await start();
    const database = openDatabase(server.connection, { statementTimeout: 200 });
    const canary = '900101300007';
    await database.run(sql`create table person (iin text primary key, n int check (n > 0))`);
    await database.run(sql`insert into person values (${canary}, 1)`);
    for (const wrong of [
      sql`insert into person values (${canary}, 1)`,
      sql`insert into person values (${`${canary}1`}, 0)`,
      sql`select ${canary}::uuid`,
      sql`select pg_sleep(5), ${canary}::text`,
      { text: `select 1 from "${canary}"`, values: [] },
      { text: `do $$ begin raise warning '${canary}'; end $$`, values: [] },
    ]) {
      await database.run(wrong).catch(() => undefined);
    }
    await database.close();
    await server.stop();
    const written = readFileSync(join(varDir, 'postgres.log'), 'utf8');
    expect(written).toContain('database system is ready');
    expect(written).not.toContain(canary);
  });

  test('says what PostgreSQL said when it does not start', async () => {
    await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /did not start on .*\n.*invalid value for parameter "shared_buffers": "plenty"/,
    );
    expect(serverProcess(data())).toBeUndefined();
  });

  test.each([
    ['a number that nobody has', async () => 4_194_303],
    ['the number of another program', async () => spawnedSleep().pid],
    ['a dead process that nobody reaped', deadUnreaped],
  ])('is not held up by a pid file with %s', async (_whose, pid) => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    const server = serverProcess(data()) ?? 0;
    const text = readFileSync(join(data(), 'postmaster.pid'), 'utf8');
    await first.stop();
    const stale = text.replace(String(server), String(await pid()));
    // The eighth line appears when a server is ready; a crash leaves it there.
    expect(stale.split('\n').length).toBeGreaterThan(7);
    await writeFile(join(data(), 'postmaster.pid'), stale, { mode: 0o600 });
    await writeFile(join(first.connection.host, '.s.PGSQL.5432.lock'), stale, { mode: 0o600 });
    if (asRoot) for (const file of await readdir(data())) chownSync(join(data(), file), 0, 0);
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('is not held up by an empty pid file that a power cut left', async () => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await first.stop();
    const file = join(data(), 'postmaster.pid');
    await writeFile(file, '', { mode: 0o600 });
    const aMinuteAgo = Date.now() / 1000 - 60;
    utimesSync(file, aMinuteAgo, aMinuteAgo);
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });
});

function spawnedSleep(): ChildProcess {
  const sleep = spawn('sleep', ['600']);
  children.push(sleep);
  return sleep;
}

/** A shell that becomes `sleep` never waits for the child it had. */
async function deadUnreaped(): Promise<number> {
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 600']);
  children.push(parent);
  const [line] = await once(createInterface(parent.stdout), 'line');
  const pid = Number(line);
  const state = () => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '')[0];
  if (process.platform === 'linux') await vi.waitFor(() => expect(state()).toBe('Z'));
  return pid;
}

describe('a service that ends badly', () => {
  beforeEach(seed);

  test('killed: the next one adopts its server and finds every acknowledged row', async () => {
    const child = await spawnService();
    await vi.waitFor(() => expect(child.written()).toBeGreaterThan(50), 20_000);
    const server = serverProcess(data());
    expect(server).toBeDefined();
    child.process.kill('SIGKILL');
    await child.ended;
    const next = await start();
    expect(serverProcess(data())).toBe(server);
    const [row] = await query(next, 'select count(*)::int as rows from written');
    expect(row?.['rows']).toBeGreaterThanOrEqual(child.written());
    await next.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('killed together with its server: the next one starts, with every acknowledged row', async () => {
    const child = await spawnService();
    await vi.waitFor(() => expect(child.written()).toBeGreaterThan(50), 20_000);
    process.kill(serverProcess(data()) ?? 0, 'SIGKILL');
    child.process.kill('SIGKILL');
    await child.ended;
    const [row] = await query(await start(), 'select count(*)::int as rows from written');
    expect(row?.['rows']).toBeGreaterThanOrEqual(child.written());
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s to its process group: the server stops in order',
    async (signal) => {
      const child = await spawnService({ detached: true });
      process.kill(-(child.process.pid ?? 0), signal);
      expect(await child.ended).toEqual([null, signal]);
      await vi.waitFor(() => expect(serverProcess(data())).toBeUndefined());
      expect(readFileSync(join(varDir, 'postgres.log'), 'utf8')).toMatch(/database system is shut down\n$/);
    },
  );

  test('leaving without a word: the server stops in order', async () => {
    const child = await spawnService();
    child.process.stdin?.write('exit\n');
    expect(await child.ended).toEqual([3, null]);
    await vi.waitFor(() => expect(serverProcess(data())).toBeUndefined(), 20_000);
    expect(readFileSync(join(varDir, 'postgres.log'), 'utf8')).toMatch(/database system is shut down\n$/);
  });

  test('a second process is refused with the number of the first', async () => {
    const child = await spawnService();
    await expect(spawnService()).rejects.toThrow(
      `Another service, process ${child.process.pid}, already uses`,
    );
    expect(await query(child, 'select 1 as works')).toEqual([{ works: 1 }]);
  });
});

describe('a command', () => {
  beforeEach(seed);

  test('joins the server of the service and leaves it running', async () => {
    const service = await start();
    const server = serverProcess(data());
    const command = await attach();
    expect(await query(command, 'select 1 as works')).toEqual([{ works: 1 }]);
    await command.stop();
    expect(serverProcess(data())).toBe(server);
    expect(await query(service, 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('starts the server where none runs, and the last command stops it', async () => {
    const first = await attach();
    const second = await attach();
    await first.stop();
    expect(await query(second, 'select 1 as works')).toEqual([{ works: 1 }]);
    await second.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('hands the server it started to a service, and may outlast that', async () => {
    const command = await attach();
    const server = serverProcess(data());
    const service = await start();
    await command.stop();
    expect(serverProcess(data())).toBe(server);
    const later = await attach();
    await service.stop();
    expect(serverProcess(data())).toBe(server);
    await later.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('races others and a service, coming and going', async () => {
    const commands = Array.from({ length: 4 }, async () => {
      const command = await attach();
      const rows = await query(command, 'select 1 as works');
      await command.stop();
      return rows;
    });
    const service = await start();
    expect((await Promise.all(commands)).flat()).toEqual(Array.from({ length: 4 }, () => ({ works: 1 })));
    expect(await query(service, 'select 1 as works')).toEqual([{ works: 1 }]);
    await service.stop();
    expect(serverProcess(data())).toBeUndefined();
  });
});

describe('where the libraries have no links', () => {
  test('they are made beside the programs', async () => {
    const { bundle } = await bareCopy();
    await linkLibraries(bundle);
    await linkLibraries(bundle);
    expect(await links(bundle)).toEqual(await links((await packagedBinaries(varDir)).bundle ?? ''));
  });

  test('or in a folder of their own, from where the server finds them', async () => {
    const bare = await bareCopy();
    const spare = join(varDir, 'spare');
    await linkLibraries(bare.bundle, spare);
    const server = await attach({ binaries: { ...bare, libraries: [spare, join(bare.bundle, 'lib')] } });
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
    expect(await links(bare.bundle)).toEqual([]);
  });
});

/** The programs as npm unpacks them when install scripts are off. */
async function bareCopy(): Promise<Binaries & { readonly bundle: string }> {
  const { bundle: original = '', version } = await packagedBinaries(join(varDir, 'unused'));
  const bundle = join(varDir, 'copy');
  await cp(original, bundle, { recursive: true, filter: (source) => !lstatSync(source).isSymbolicLink() });
  return { bin: join(bundle, 'bin'), version, bundle };
}

async function links(bundle: string): Promise<readonly string[]> {
  const entries = await readdir(join(bundle, 'lib'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isSymbolicLink())
    .map(({ name }) => `${name} -> ${readlinkSync(join(bundle, 'lib', name))}`)
    .sort();
}

describe.runIf(asRoot)('for root', () => {
  test('PostgreSQL runs in a folder that only root may enter, and never with root’s number', async () => {
    const server = await start();
    expect(mode(varDir)).toBe('700');
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
    const status = readFileSync(`/proc/${serverProcess(data())}/status`, 'utf8');
    const map = readFileSync(`/proc/${serverProcess(data())}/uid_map`, 'utf8')
      .trim()
      .split(/\s+/);
    // Either another user, or one inside a namespace that gives it no power outside.
    expect(/^Uid:\s+0\s/m.test(status) ? map : []).not.toEqual(['0', '0', '4294967295']);
  });

  test('without user namespaces it runs as a user of its own, in VAR_DIR where that may enter', async () => {
    chmodSync(varDir, 0o755);
    const options = { namespaces: false };
    const server = await start(options);
    await query(server, 'create table kept as select 7 as n');
    expect(server.location).toBe(join(varDir, 'postgres'));
    const owner = statSync(data()).uid;
    expect(owner).toBeGreaterThan(60_577);
    expect(owner).toBeLessThan(61_184);
    expect(readFileSync(`/proc/${serverProcess(data())}/status`, 'utf8')).toMatch(
      new RegExp(`^Uid:\\s+${owner}\\s`, 'm'),
    );
    await server.stop();
    // A start that could use namespaces keeps to the owner of the data.
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('without user namespaces data that root owned pass to that user', async () => {
    chmodSync(varDir, 0o755);
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await first.stop();
    expect(await query(await start({ namespaces: false }), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('without user namespaces a folder that only root may enter gets one elsewhere, with its own programs', async () => {
    const elsewhere = join(varDir, '..', `elsewhere-${process.pid}`);
    // In the 0700 folder itself, so that the programs are out of reach too.
    const options = { namespaces: false, elsewhere, binaries: await bareCopy() };
    const server = await start(options);
    expect(server.location.startsWith(await realpath(elsewhere))).toBe(true);
    expect(readFileSync(join(varDir, 'postgres', 'elsewhere'), 'utf8').trim()).toBe(server.location);
    expect(mode(join(server.location, 'data'))).toBe('700');
    await query(server, 'create table kept as select 7 as n');
    await expect(start(options)).rejects.toThrow('Another service');
    await server.stop();
    const again = await start(options);
    expect(await query(again, 'select n from kept')).toEqual([{ n: 7 }]);
    await again.stop();

    const moved = `${varDir}-moved`;
    await rename(varDir, moved);
    const parts = {
      ...options,
      varDir: moved,
      binaries: { ...options.binaries, bundle: join(moved, 'copy') },
    };
    await expect(start(parts)).rejects.toThrow('VAR_DIR was copied or moved');
  });

  test.runIf(nobodyRunsNode)('an ordinary user runs it, and no other may take it over', async () => {
    const { bin, version, bundle = '' } = await packagedBinaries(join(varDir, 'unused'));
    const reachable = spawnSync(join(bin, 'postgres'), ['--version'], nobody).status === 0;
    const copy = join(shelf, 'native');
    if (!reachable) await cp(bundle, copy, { recursive: true, verbatimSymlinks: true });
    const binaries = reachable ? { bin, version } : { bin: join(copy, 'bin'), version };
    chownSync(varDir, nobody.uid, nobody.gid);
    const child = await spawnService(nobody, { binaries });
    expect(await query(child, 'select 1 as works')).toEqual([{ works: 1 }]);
    expect(statSync(data()).uid).toBe(nobody.uid);
    await expect(spawnService({ uid: 1, gid: 1 }, { binaries })).rejects.toThrow(
      'VAR_DIR must belong to the user',
    );
    child.process.stdin?.write('stop\n');
    expect(await child.ended).toEqual([0, null]);
    // Root runs it as the owner of the data.
    const server = await start({ binaries });
    expect(statSync(join(data(), 'postmaster.pid')).uid).toBe(nobody.uid);
    expect(await query(server, 'select count(*) > 0 as kept from written')).toEqual([{ kept: true }]);
  });
});
