import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { serverOfTests } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { readFences, runnable, unmarked } from '../support/runbook.ts';

// Runs the commands of the runbook's section "Install on a machine" as written, with other folders
// and database names, without systemd, and without installing packages. `npm test -- --all` follows
// the whole runbook (test/complete/runbook.test.ts).

const run = promisify(execFile);
const owner = `owner_${process.pid}`;
const service = `service_${process.pid}`;
const database = `install_${process.pid}`;

let folder: string;
let home: string;
let settings: string;
let administrator: pg.Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kabinet-install-'));
  home = join(folder, 'opt');
  settings = join(folder, 'etc');
  mkdirSync(join(home, 'dist'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  for (const part of ['bin', 'deploy', 'migrations', 'data', 'scripts', 'package.json'])
    cpSync(join(root, part), join(home, part), { recursive: true });
  for (const part of ['node_modules', 'packages', 'dist/assets', 'dist/static'])
    symlinkSync(join(root, part), join(home, part));
  await run(process.execPath, [join(root, 'scripts/build.mjs'), '--production', '--out', join(home, 'dist')]);

  administrator = new pg.Client({ ...(await serverOfTests()).administration });
  await administrator.connect();
  for (const statement of rolesOfTheScript()) await administrator.query(statement);
});

afterAll(async () => {
  await administrator.query(`drop database if exists ${database} with (force)`);
  await administrator.query(`drop role if exists ${service}`);
  await administrator.query(`drop role if exists ${owner}`);
  await administrator.end();
  rmSync(folder, { recursive: true });
});

/** The statements of `deploy/roles.sh`, with this test's names. */
function rolesOfTheScript(): readonly string[] {
  const [, script = ''] =
    /<<'SQL'\n([\s\S]+?)\nSQL/.exec(readFileSync(join(root, 'deploy/roles.sh'), 'utf8')) ?? [];
  return script
    .replaceAll(/\bkabinet_owner\b/g, owner)
    .replaceAll(/\bdatabase kabinet\b/g, `database ${database}`)
    .replaceAll(/\b(role|to) kabinet\b/g, `$1 ${service}`)
    .replaceAll(/:'(?:owner|service)'/g, "'a-password'")
    .split(';\n');
}

/** The commands of the section that run, one text for each code block. */
function fences(): readonly string[] {
  const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
  const section = /^## Install on a machine$([\s\S]+?)^## /m.exec(runbook)?.[1] ?? '';
  return runnable(readFences(section)).map(({ text }) => text);
}

async function addressAs(user: string): Promise<string> {
  const { connection } = await serverOfTests();
  return urlOf({ ...connection, user, password: 'a-password', database });
}

test('each block of the runbook runs, or says why not', () => {
  expect(unmarked(readFences(readFileSync(join(root, 'docs/runbook.md'), 'utf8')))).toEqual([]);
});

/** The output of a code block, run in the installed folder. */
async function follow(fence: string): Promise<string> {
  const commands = fence
    .replaceAll('/opt/kabinet', home)
    .replaceAll('/etc/kabinet', settings)
    .replaceAll('/usr/local/bin', join(folder, 'bin'))
    .replaceAll('postgres://kabinet:PASSWORD@127.0.0.1/kabinet', await addressAs(service))
    .replaceAll(/DATABASE_DIRECT_URL=\S+/g, `DATABASE_DIRECT_URL='${await addressAs(owner)}'`)
    .replaceAll('database grant kabinet', `database grant ${service}`);
  const { stdout } = await run('sh', ['-euc', commands], { cwd: home, env: environment() });
  return stdout;
}

const environment = () => ({
  PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  KABINET_HOME: home,
  KABINET_SETTINGS: settings,
  VAR_DIR: join(folder, 'var'),
});

test('the steps lead to a service that answers, without a demonstration', async () => {
  const [build = '', secrets = '', command = '', grant = '', start = ''] = fences();
  expect(build).toContain('npm run build -- --production');
  await follow(secrets);
  const shown = await follow(command);
  expect(shown).toContain('PUBLIC_URL=https://cabinet.example.kz');
  expect(shown).toMatch(/SECRET_KEYS=\(secret\)[\s\S]+?from: file/);
  await follow(grant);
  expect(start).toContain('systemctl enable --now kabinet');

  const unit = readFileSync(join(root, 'deploy/kabinet.service'), 'utf8');
  const [node = '', ...parameters] = (/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? '').split(' ');
  expect(node).toBe('/usr/bin/node');
  const process_ = spawn(
    process.execPath,
    [`--env-file=${join(settings, 'env')}`, ...parameters.map((one) => one.replace('/opt/kabinet', home))],
    {
      cwd: home,
      env: {
        ...environment(),
        NODE_ENV: 'production',
        PORT: '0',
        METRICS_PORT: '0',
        SECRET_KEYS_FILE: join(settings, 'secret-keys'),
        DATABASE_URL_FILE: join(settings, 'database-url'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log: string[] = [];
  process_.stderr.on('data', (chunk) => log.push(String(chunk)));
  let told = '';
  for await (const line of createInterface({ input: process_.stdout })) {
    told = line;
    if (line.startsWith('The cabinet is at ')) break;
  }
  expect(told, log.join('')).toBe('The cabinet is at https://cabinet.example.kz');
  expect(log.join('')).toContain('neither SMTP_URL nor SMPP_URL is set');
  // The role owns nothing, so the start logs no warning.
  expect(log.join('')).not.toContain('may alter the log');
  process_.kill('SIGTERM');
  expect(await once(process_, 'close')).toEqual([0, null]);
});

test('a command in production never builds, so the demonstration does not come back', async () => {
  const before = readFileSync(join(home, 'dist/kabinet.js'), 'utf8');
  // The sources are newer than the build.
  cpSync(join(root, 'src'), join(home, 'src'), { recursive: true });
  await follow('kabinet config');
  expect(readFileSync(join(home, 'dist/kabinet.js'), 'utf8')).toBe(before);
});
