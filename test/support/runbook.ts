import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LocalPostgres } from 'local-postgres';
import pg from 'pg';
import { root } from '../../src/platform/root.ts';
import { urlOf } from './kabinet.ts';

/** A block of commands in a document. */
export interface Fence {
  readonly line: number;
  readonly language: string;
  /** What stands behind the language: `run`, `run as superuser` or `skip: why`. */
  readonly mark: string;
  readonly text: string;
}

/** The blocks of a document, without the indentation of the list that they stand in. */
export function readFences(document: string): readonly Fence[] {
  return [...document.matchAll(/^( *)```(\w*) ?(.*)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', mark = '', text = ''], at, all) => ({
      line: document.slice(0, all[at]?.index).split('\n').length,
      language,
      mark,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** Blocks that neither run nor say why not. */
export const unmarked = (fences: readonly Fence[]) =>
  fences.filter(({ mark }) => !/^(?:run(?: as superuser)?|skip: \S.+)$/.test(mark));

export const runnable = (fences: readonly Fence[]) => fences.filter(({ mark }) => mark.startsWith('run'));

/** Where the paths of the document lie on the machine of the test. */
const places =
  /(?<![\w.])\/(?=(?:opt|etc|var\/lib|var\/backups)\/kabinet\b|etc\/systemd\/|usr\/local\/bin\b|root\/)/g;

export interface InstallationOptions {
  /** An empty folder, which stands for the root of the machine. */
  readonly folder: string;
  readonly postgres: LocalPostgres;
  readonly node: string;
  readonly npm: string;
  readonly port: number;
}

/** A machine with a checkout at /opt/kabinet, `npm ci` done, and nothing else. */
export interface Installation {
  /** Runs a block. @throws with its line and what it printed when a command in it fails */
  run(fence: Fence): Promise<string>;
  /** Everything that the service has logged. */
  log(): string;
}

export function freshInstallation(options: InstallationOptions): Installation {
  const { folder, postgres, port } = options;
  for (const path of ['bin', 'opt', 'usr/local/bin', 'etc/systemd/system', 'root', 'var/lib', 'var/backups'])
    mkdirSync(join(folder, path), { recursive: true });
  checkout(join(folder, 'opt/kabinet'));
  programs(options);
  const environment = {
    PATH: [join(folder, 'bin'), join(folder, 'usr/local/bin'), '/usr/bin', '/bin'].join(':'),
    HOME: join(folder, 'root'),
    npm_config_offline: 'true',
    KABINET_HOME: join(folder, 'opt/kabinet'),
    KABINET_SETTINGS: join(folder, 'etc/kabinet'),
    VAR_DIR: join(folder, 'var/lib/kabinet'),
    PORT: String(port),
    METRICS_PORT: '0',
  };
  const address = (user: string, database: string) =>
    urlOf({ ...postgres.connection, user, password: 'a-password', database });

  async function runCommands({ line, text }: Fence): Promise<string> {
    const commands = text
      .replaceAll(places, `${folder}/`)
      .replaceAll(/postgres:\/\/(\w+):\w+@127\.0\.0\.1\/(\w+)/g, (_, user, database) =>
        address(user, database),
      );
    try {
      const cwd = join(folder, 'opt/kabinet');
      const { stdout } = await promisify(execFile)('sh', ['-euc', commands], { cwd, env: environment });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`the block in line ${line} failed:\n${text}\n${stdout}${stderr}`);
    }
  }

  /** Statements of the service's role, in the database that the service uses now. */
  async function runStatements({ mark, text }: Fence): Promise<string> {
    const used = () => readFileSync(join(folder, 'etc/kabinet/database-url'), 'utf8').trim();
    const client = new pg.Client(
      mark === 'run as superuser' ? { ...postgres.administration } : { connectionString: used() },
    );
    await client.connect();
    try {
      // One by one: a database cannot be created together with other statements.
      for (const statement of text.split(';').filter((one) => one.trim() !== ''))
        await client.query(statement);
      return '';
    } finally {
      await client.end();
    }
  }

  return {
    run: (fence) => (fence.language === 'sql' ? runStatements(fence) : runCommands(fence)),
    log: () => readFileSync(join(folder, 'service.log'), 'utf8'),
  };
}

/**
 * Copies the release. `npm ci` cannot be followed without a registry, so what it installed here
 * comes along, as links: `npm prune` removes some of them.
 */
function checkout(home: string): void {
  const left = new Set(['.git', 'node_modules', 'dist', 'var', 'test'].map((name) => join(root, name)));
  cpSync(root, home, { recursive: true, filter: (source) => !left.has(source), verbatimSymlinks: true });
  const from = join(root, 'node_modules');
  const copied = ['-al', '-a'].some((how) => spawnSync('cp', [how, from, home]).status === 0);
  if (!copied) throw new Error('node_modules cannot be copied');
  // npm writes this one anew.
  const list = 'node_modules/.package-lock.json';
  spawnSync('rm', [join(home, list)]);
  copyFileSync(join(root, list), join(home, list));
}

/** The programs of the machine that are not in /usr/bin, or differ from what is there. */
function programs({ folder, node, npm }: InstallationOptions): void {
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), text);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  symlinkSync(node, join(folder, 'bin/node'));
  program('npm', `#!/bin/sh\n[ "$1" = ci ] || exec '${npm}' "$@"\n`);
  const systemctl = readFileSync(join(root, 'test/support/systemctl.mjs'), 'utf8');
  program('systemctl', systemctl.replace('/usr/bin/env node', join(folder, 'bin/node')));
}

/** Commands that the text of a document names in passing, without their parameters. */
export function namedCommands(
  document: string,
): readonly { readonly words: string; readonly options: readonly string[] }[] {
  const found = new Map<string, Set<string>>();
  for (const [, span = ''] of document.matchAll(
    /`(?:[A-Z_]+=\S+ )?(?:npx --no-install )?kabinet ([a-z][^`]*)`/g,
  )) {
    const parts = span.split(/\s+/);
    const end = parts.findIndex((part) => !/^[a-z][a-z|-]*$/.test(part));
    const words = parts.slice(0, end === -1 ? parts.length : end);
    const options = parts
      .filter((part) => part.startsWith('--'))
      .map((part) => part.replace(/[^a-z-].*$/, ''));
    const last = words.pop() ?? '';
    for (const one of last.split('|')) {
      const path = [...words, one].join(' ');
      found.set(path, new Set([...(found.get(path) ?? []), ...options]));
    }
  }
  return [...found].map(([words, options]) => ({ words, options: [...options] }));
}
