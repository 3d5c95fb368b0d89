import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';

// `npm start` builds only what is out of date. What it then runs is always what the sources say.

let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'kabinet-stale-'));
  for (const part of ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, part), join(home, part), { recursive: true });
  for (const part of ['node_modules', 'packages']) symlinkSync(join(root, part), join(home, part));
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

/** Whether `npm start` had to build. */
async function builds(): Promise<boolean> {
  return (await run('--if-stale')).includes('built in');
}

async function run(...parameters: readonly string[]): Promise<string> {
  const script = join(home, 'scripts/build.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...parameters], { cwd: home });
  return stdout;
}

/** Changes a file and leaves its time as it was. */
function alter(name: string, change: (text: string) => string): void {
  const path = join(home, name);
  const { atime, mtime } = statSync(path);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  utimesSync(path, atime, mtime);
}

const bundles = () => readdirSync(join(home, 'dist')).filter((name) => name.endsWith('.js'));
const textOf = (name: string) => readFileSync(join(home, 'dist', name), 'utf8');

test('a start builds once, and again after any change, whatever the times of the files say', async () => {
  expect(await builds()).toBe(true);
  expect(await builds()).toBe(false);

  alter('src/paths.ts', (text) => `${text}\nexport const planted = 'planted-in-a-source';\n`);
  alter('src/main.ts', (text) => `${text}\nimport { planted } from './paths.ts';\nconsole.log(planted);\n`);
  expect(await builds()).toBe(true);
  expect(bundles().map(textOf).join('\n')).toContain('planted-in-a-source');
  expect(await builds()).toBe(false);

  alter('src/ui/styles/app.css', (text) => `${text}\nbody { outline-offset: 7px; }\n`);
  expect(await builds()).toBe(true);
  const assets = readdirSync(join(home, 'dist/assets')).filter((name) => name.endsWith('.css'));
  expect(assets.map((name) => textOf(`assets/${name}`)).join('\n')).toContain('outline-offset:7px');
});

test('a start builds again when a built file is altered or gone, or the build was not finished', async () => {
  await builds();
  alter('dist/main.js', (text) => `${text}\n// altered\n`);
  expect(await builds()).toBe(true);
  expect(textOf('main.js')).not.toContain('// altered');

  rmSync(join(home, 'dist/kabinet.js'));
  expect(await builds()).toBe(true);
  expect(existsSync(join(home, 'dist/kabinet.js'))).toBe(true);

  rmSync(join(home, 'dist/.build.json'));
  expect(await builds()).toBe(true);
});

test('a start never runs a production build, and that one keeps nothing of a demonstration', async () => {
  await builds();
  const inbox = () => bundles().filter((name) => textOf(name).includes('/demo/inbox'));
  expect(inbox()).not.toEqual([]);
  await run('--production');
  expect(inbox()).toEqual([]);
  expect(await builds()).toBe(true);
  expect(inbox()).not.toEqual([]);
});

test('a part that a running service may still load stays for a week', async () => {
  await builds();
  const parts = () => new Set(bundles());
  const before = parts();
  alter('src/features/changes/receipt-pdf.ts', (text) => text.replace("'#0a5fa8'", "'#0a5fa9'"));
  expect(await builds()).toBe(true);
  const former = [...before].filter((name) => name.startsWith('receipt-pdf'));
  expect(former).toHaveLength(1);
  expect(parts()).toContain(former[0]);

  const old = new Date(Date.now() - 8 * 24 * 3_600_000);
  for (const name of former) utimesSync(join(home, 'dist', name), old, old);
  alter('src/features/changes/receipt-pdf.ts', (text) => text.replace("'#0a5fa9'", "'#0a5faa'"));
  expect(await builds()).toBe(true);
  expect(parts()).not.toContain(former[0]);
});
