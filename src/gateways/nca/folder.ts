import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file as it was last seen. */
export interface SeenFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly mark: string;
}

/** The files of a folder as of the last look; none when there is no such folder. */
export type LookAtFolder = () => Promise<readonly SeenFile[]>;

/** How often a folder is looked at. */
export interface LookTimes {
  /** Milliseconds between two looks; 0: whenever somebody asks. */
  readonly everyMs: number;
  /** Milliseconds from any beginning; never goes back. */
  readonly clock: () => number;
}

/**
 * Looks at the files of a folder with one of these endings, in order, when somebody asks and the
 * last look is old enough.
 */
export function watchFolder(
  folder: string,
  endings: readonly string[],
  { everyMs, clock }: LookTimes,
): LookAtFolder {
  let seen: Promise<readonly SeenFile[]> | undefined;
  let nextLook = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock();
    if (seen && now < nextLook) return seen;
    nextLook = now + everyMs;
    const look = listFolder(folder, endings);
    seen = look;
    // What could not be seen is looked at again by whoever asks next.
    look.catch(() => {
      if (seen === look) seen = undefined;
    });
    return look;
  };
}

async function listFolder(folder: string, endings: readonly string[]): Promise<readonly SeenFile[]> {
  const names = (await unlessGone(readdir(folder))) ?? [];
  const wanted = names.filter((name) => endings.some((ending) => name.toLowerCase().endsWith(ending))).sort();
  const seen = await Promise.all(
    wanted.map(async (name) => {
      const path = join(folder, name);
      const found = await unlessGone(stat(path));
      return found && { path, mark: `${path} ${found.mtimeMs} ${found.size} ${found.ino}` };
    }),
  );
  return seen.filter((file) => file !== undefined);
}

/** A file may be replaced between two steps. */
function unlessGone<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return asked.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** The certificates in a folder, as they are on the disk. */
export async function readCertificates(files: readonly SeenFile[]): Promise<readonly Uint8Array[]> {
  return Promise.all(files.map(({ path }) => readFile(path)));
}
