import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file as it was last seen. */
export interface SeenFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly mark: string;
}

/** The files of a folder with one of these endings, in order; none when there is no such folder. */
export async function listFolder(folder: string, endings: readonly string[]): Promise<readonly SeenFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const wanted = names.filter((name) => endings.some((ending) => name.toLowerCase().endsWith(ending))).sort();
  const seen = await Promise.all(
    wanted.map(async (name) => {
      const path = join(folder, name);
      const { mtimeMs, size, ino } = await stat(path);
      return { path, mark: `${path} ${mtimeMs} ${size} ${ino}` };
    }),
  );
  return seen;
}

/** The certificates in a folder, as they are on the disk. */
export async function readCertificates(files: readonly SeenFile[]): Promise<readonly Uint8Array[]> {
  return Promise.all(files.map(({ path }) => readFile(path)));
}
