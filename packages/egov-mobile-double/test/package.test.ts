/** What `npm pack` would publish: the command and the library, built, and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

beforeAll(() => {
  if (!existsSync(join(root, 'dist/types/index.d.ts')))
    execFileSync(process.execPath, [join(root, 'build.js')], { stdio: 'inherit' });
});

test('the package holds what it promises', () => {
  const packed = execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const [{ files }] = JSON.parse(packed) as [{ files: readonly { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const path of [
    'LICENSE',
    'README.md',
    'bin/egov-mobile-double.js',
    'dist/index.js',
    'dist/types/index.d.ts',
  ])
    expect(paths).toContain(path);
  expect(paths.filter((path) => /^(src|test|node_modules)\//.test(path))).toEqual([]);
});

test('the command runs from its stub, and the library loads', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 60_000 });
  expect(run('bin/egov-mobile-double.js', '--help').stdout).toContain('Usage: egov-mobile-double');
  const script =
    "import { MODE_NAMES, playPhone } from 'egov-mobile-double'; console.log(typeof playPhone, MODE_NAMES.length)";
  expect(run('--input-type=module', '-e', script)).toMatchObject({ status: 0, stdout: 'function 25\n' });
});
