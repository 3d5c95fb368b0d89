import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../../packages/local-postgres/test/support/scratch.ts';
import { root } from '../../src/platform/root.ts';

/** A copy of the checkout with changed files, to see what a change of the code does. */
export interface PlantedTree {
  readonly folder: string;
  /** Inserts a text before or after the only occurrence of `anchor` in a file. */
  plant(file: string, where: 'before' | 'after', anchor: string, text: string): void;
  /** Writes a new file. */
  write(file: string, text: string): void;
  /** Loads a module of the tree, after all planting. Its type is that of the original module. */
  load<Module>(file: string): Promise<Module>;
  remove(): void;
}

/** Copies the files that a change may touch, and links the others. */
export function plantTree(): PlantedTree {
  const folder = scratchFolder('planted-');
  for (const name of ['src', 'migrations', 'test/support', 'package.json', 'tsconfig.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const name of ['node_modules', 'packages', 'data', 'dist'])
    symlinkSync(join(root, name), join(folder, name));
  const tree: PlantedTree = {
    folder,
    plant(file, where, anchor, text) {
      const path = join(folder, file);
      const former = readFileSync(path, 'utf8');
      const at = former.indexOf(anchor);
      if (at === -1 || former.indexOf(anchor, at + 1) !== -1)
        throw new Error(`${file} has "${anchor}" not exactly once`);
      const end = where === 'before' ? at : at + anchor.length;
      writeFileSync(path, former.slice(0, end) + text + former.slice(end));
    },
    write: (file, text) => writeFileSync(join(folder, file), text),
    load: (file) => import(join(folder, file)),
    remove: () => rmSync(folder, { recursive: true }),
  };
  // The tree's databases have other columns, so they need their own template.
  tree.plant('test/support/database.ts', 'after', "'template_kabinet", '_planted');
  return tree;
}
