import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type LocalPostgres, startLocalPostgres } from 'local-postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { freePort } from '../support/processes.ts';
import {
  type Fence,
  freshInstallation,
  type Installation,
  namedCommands,
  readFences,
  runnable,
  unmarked,
} from '../support/runbook.ts';

// Follows docs/runbook.md on a machine where nothing is installed, with the Node.js of the image:
// from the installation to the end, then what stands before it. What only another machine can do
// says so in the document.

const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
const installation = runbook.slice(0, runbook.indexOf('\n## Install on a machine')).split('\n').length;
const blocks = runnable(readFences(runbook));
const inOrder = [
  ...blocks.filter(({ line }) => line > installation),
  ...blocks.filter(({ line }) => line < installation),
];
const imageNode = join(root, `test/complete/node/node_modules/node-linux-${process.arch}/bin/node`);
/** Of the machine, where the image's does not run. */
const node = existsSync(imageNode) ? imageNode : process.execPath;

let folder: string;
let postgres: LocalPostgres;
let machine: Installation;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kabinet-runbook-'));
  // PostgreSQL's own user must get through.
  chmodSync(folder, 0o711);
  const silent = { info: () => undefined, warn: () => undefined };
  postgres = await startLocalPostgres({
    folder: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    name: 'runbook',
    role: 'tester',
    database: 'tester',
    log: silent,
    settings: { fsync: 'off' },
  });
  // Step 2 of the installation, which says where it is tested.
  const administrator = new pg.Client({ ...postgres.administration });
  await administrator.connect();
  for (const statement of [
    'create role kabinet_owner login',
    'create role kabinet login',
    'create database kabinet owner kabinet_owner',
    'revoke all on database kabinet from public',
    'grant connect, temporary on database kabinet to kabinet',
  ])
    await administrator.query(statement);
  await administrator.end();
  machine = freshInstallation({
    folder,
    postgres,
    node,
    npm: npmOfMachine(),
    port: await freePort(),
  });
});

afterAll(async () => {
  await machine.run(command('systemctl stop kabinet'));
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

const npmOfMachine = () => String(spawnSync('sh', ['-c', 'command -v npm']).stdout).trim();

const command = (text: string): Fence => ({ line: 0, language: 'sh', mark: 'run', text });

describe('the blocks of the runbook', () => {
  test('most of them run', () => {
    expect(blocks.length).toBeGreaterThan(20);
  });

  test.each(inOrder.map((fence) => [fence.line, fence.text.split('\n')[0], fence] as const))(
    'line %i: %s',
    async (_, __, fence) => {
      await expect(machine.run(fence)).resolves.toBeDefined();
    },
    120_000,
  );

  test('a wrong command in a block is found, with its line', async () => {
    const planted = `${'text\n'.repeat(9)}  \`\`\`sh run\n  true\n  kabinet database grand kabinet\n  true\n  \`\`\`\n`;
    const [fence] = runnable(readFences(planted));
    await expect(machine.run(fence ?? command('true'))).rejects.toThrow(
      /line 10 failed[\s\S]+unknown command/,
    );
    await expect(
      machine.run({ ...command('select 1 from cabinet.no_table'), language: 'sql' }),
    ).rejects.toThrow('no_table');
  });

  test('a block without a mark, or without its reason, is found', () => {
    const planted = '```sh\ntrue\n```\n```sh skip:\ntrue\n```\n```sh run\ntrue\n```\n';
    expect(unmarked(readFences(planted)).map(({ line }) => line)).toEqual([1, 4]);
  });
});

test('the first start says why nobody can sign in, and the last one that people are there', () => {
  const [first = '', ...later] = machine.log().split('The cabinet is at');
  expect(first).toContain('neither SMTP_URL nor SMPP_URL is set');
  expect(first).toContain('the embedded fund has no people');
  expect(later.length).toBeGreaterThan(4);
  expect(later.at(-2)).not.toContain('the embedded fund has no people');
});

test('the Node.js that followed it is that of the image', async () => {
  const { stdout } = await promisify(execFile)(node, ['--version']);
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const wanted = /^ARG NODE=node:(\d+\.\d+\.\d+)-/m.exec(dockerfile)?.[1];
  const tools = JSON.parse(readFileSync(join(root, 'test/complete/node/package.json'), 'utf8'));
  expect(Object.values(tools.optionalDependencies)).toEqual([wanted, wanted]);
  if (node === imageNode) expect(stdout.trim()).toBe(`v${wanted}`);
});

describe.each(['docs/runbook.md', 'README.md'])('the commands in the text of %s', (file) => {
  const named = namedCommands(readFileSync(join(root, file), 'utf8'));

  test.each(named)('kabinet $words', async ({ words, options }) => {
    const help = await machine.run(command(`kabinet ${words} --help`));
    expect(help).toMatch(new RegExp(`^Usage: kabinet ${words}\\b`));
    for (const option of options) expect(help).toContain(option);
  });
});

test('a command that does not exist is found', async () => {
  const [planted] = namedCommands('Run `kabinet people forget IIN`.');
  expect(planted?.words).toBe('people forget');
  const help = await machine.run(command('kabinet people forget --help')).catch(() => '');
  expect(help).not.toMatch(/^Usage: kabinet people forget\b/);
});
