import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../../packages/local-postgres/test/support/scratch.ts';
import { root } from '../../src/platform/root.ts';
import { checkTags } from './dead-code.ts';
import { readSources } from './imports.ts';

// `npm test` runs knip twice: on everything, and on what production uses. This test makes the
// second run with planted violations.

/** Folders without code. */
const left = ['node_modules', 'dist', 'data', 'docs', 'deploy', 'var', '.git'];

test('an export only for tests and a stale tag are found, a tagged export is not', () => {
  const folder = scratchFolder('planted-dead-');
  try {
    cpSync(root, folder, {
      recursive: true,
      filter: (path) =>
        !relative(root, path)
          .split('/')
          .some((name) => left.includes(name)),
    });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    appendFileSync(
      join(folder, 'src/values/result.ts'),
      `export const plantedDead = 1;
/** @internal A test of this check looks at it. */
export const plantedSeam = 2;
/** @internal It was for a test, and production uses it now. */
export const plantedStale = 3;
`,
    );
    appendFileSync(
      join(folder, 'src/main.ts'),
      "import { plantedStale } from './values/result.ts';\nlog(plantedStale);\n",
    );
    writeFileSync(
      join(folder, 'src/values/planted.test.ts'),
      "import { plantedDead, plantedSeam } from './result.ts';\nplantedDead + plantedSeam;\n",
    );
    const knip = join(root, 'node_modules/knip/bin/knip.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [knip, '--production', '--no-progress'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const found = stdout + stderr;
    expect(found.match(/^\S*planted\w*/gm)).toEqual(['plantedDead']);
    expect(found).toMatch(/plantedStale.*@internal/);
    expect(found).not.toContain('plantedSeam');
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('the tags that exempt an export', () => {
  test('say why', () => {
    expect(checkTags(readSources(root))).toEqual([]);
  });

  test.each([
    ['no reason', '/** @internal */'],
    ['a reason that explains nothing', '/** @internal for tests */'],
    ['a tag that hides from both runs', '/** @public Somebody may want it one day. */'],
  ])('%s is found', (_fault, text) => {
    expect(checkTags(new Map([['src/values/x.ts', `\n${text}`]]))).toMatchObject([{ line: 2 }]);
  });

  test('a tree without sources is refused', () => {
    expect(() => checkTags(new Map())).toThrow('no sources');
  });
});
