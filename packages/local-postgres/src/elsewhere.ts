import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Binaries, linkLibraries } from './binaries.ts';
import { LocalPostgresError } from './error.ts';
import { openToAll, ownerOf, renameUnlessThere, shortHash } from './files.ts';
import { commandFor, type Identity, succeeds } from './identity.ts';
import type { Words } from './options.ts';

/** What to find a place for. */
export interface Search {
  /** The requested folder. */
  readonly home: string;
  readonly binaries: Binaries;
  readonly words: Words;
  /**
   * The parent folder of databases that cannot stay in their folder, and of copies of programs that
   * cannot run from theirs.
   */
  readonly parent: string;
  readonly namespaces: boolean;
}

/** The result of the search. */
export interface Settled {
  readonly home: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
}

/** User numbers that neither systemd nor Debian assigns to anybody. */
const FREE_UIDS = { first: 60_578, count: 606 };

/**
 * The user number for a database that root starts: unused by others, and the same at each start.
 */
export function freeUid(home: string): number {
  return FREE_UIDS.first + (Number.parseInt(shortHash(home), 16) % FREE_UIDS.count);
}

/** Finds another folder for a database whose own folder only root may enter. */
export async function elsewhere(search: Search): Promise<Settled> {
  const { home, words, parent } = search;
  const other = join(parent, shortHash(home));
  const uid = freeUid(home);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const marker = join(home, 'elsewhere');
  const pointed = await readFile(marker, 'utf8').catch(() => undefined);
  if (pointed !== undefined && pointed.trim() !== other) {
    throw new LocalPostgresError(
      'moved',
      `${marker} says that the database is in ${pointed.trim()}: ${words.folder} was copied or moved. Move it back, or delete ${marker} to begin with an empty database.`,
    );
  }
  if (pointed === undefined) {
    if ((await ownerOf(join(home, 'data'))) !== undefined) {
      throw new LocalPostgresError(
        'unsupported',
        `The database in ${home} can only be run by root in a user namespace, which this machine does not allow: allow user namespaces, or give ${words.folder} and its files to an ordinary user and start as that one.`,
      );
    }
    // The pointer was in the folder that was deleted, so what it pointed to is another database.
    if ((await ownerOf(other)) !== undefined) await rename(other, `${other}.left-${Date.now()}`);
  }
  await mkdir(other, { recursive: true, mode: 0o711 });
  await chmod(other, 0o711);
  await writeFile(marker, `${other}\n`, { mode: 0o600 });
  return {
    home: other,
    identity: { kind: 'uid', uid, gid: uid },
    binaries: await reachableBinaries(uid, search),
  };
}

/** The programs, or a copy of them when the user `uid` cannot reach the originals. */
export async function reachableBinaries(uid: number, search: Search): Promise<Binaries> {
  const { binaries, words, parent } = search;
  const identity = { kind: 'uid', uid, gid: uid } as const;
  if (await succeeds(commandFor(identity, join(binaries.bin, 'postgres'), ['--version'], binaries)))
    return binaries;
  if (binaries.bundle === undefined) {
    throw new LocalPostgresError('unsupported', `User number ${uid} cannot run ${binaries.bin}/postgres.`);
  }
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const copy = join(parent, `programs-${binaries.version}`);
  if ((await ownerOf(copy)) === undefined) {
    const fresh = `${copy}.${randomBytes(4).toString('hex')}`;
    await cp(binaries.bundle, fresh, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(fresh);
    await openToAll(fresh);
    await renameUnlessThere(fresh, copy);
  }
  const { libraries: _, ...rest } = binaries;
  const copied = { ...rest, bin: join(copy, 'bin'), bundle: copy };
  if (await succeeds(commandFor(identity, join(copied.bin, 'postgres'), ['--version'], copied)))
    return copied;
  throw new LocalPostgresError(
    'unsupported',
    `PostgreSQL refuses to run as root, and here it can neither run in a user namespace nor as user number ${uid} from ${copy}: start as an ordinary user, or ${words.alternative}.`,
  );
}
