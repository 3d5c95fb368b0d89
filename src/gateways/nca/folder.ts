import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file, as it was when last looked at. */
export interface SeenFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly mark: string;
}

/** The files of a folder when last looked at; empty when the folder does not exist. */
export type LookAtFolder = () => Promise<readonly SeenFile[]>;

/** How often to look at a folder. */
export interface LookTimes {
  /** Milliseconds between two looks; 0: at every call. */
  readonly everyMs: number;
  /** A monotonic clock, milliseconds. */
  readonly clock: () => number;
}

/**
 * Lists the files of a folder that have one of these endings, sorted. Looks again at a call when
 * the last look is old enough.
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
    // After a failure, the next caller looks again.
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

/** A file may be removed between listing and reading it. */
function unlessGone<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return asked.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Reads the certificates of a folder from disk. */
export async function readCertificates(files: readonly SeenFile[]): Promise<readonly Uint8Array[]> {
  return Promise.all(files.map(({ path }) => readFile(path)));
}
