import { chmod, chown, lstat, mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Binaries, packagedBinaries } from './binaries.ts';
import { elsewhere, freeUid, reachableBinaries, type Search, type Settled } from './elsewhere.ts';
import { LocalPostgresError } from './error.ts';
import { everybodyMayEnter, give, ownerOf, shortHash } from './files.ts';
import { anyNamedUser, commandFor, hasName, type Identity, succeeds } from './identity.ts';
import { completeWords, type PlaceOptions, type Words } from './options.ts';

/** Where a server's files are, and which user it runs as. */
export interface Place {
  /**
   * The folder that holds the database: the requested one, or another when PostgreSQL cannot enter
   * that.
   */
  readonly home: string;
  readonly data: string;
  /** The folder of the socket. Only the server's user and root may enter it. */
  readonly socket: string;
  readonly log: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
  readonly words: Words;
}

/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 103;

/** The server does not listen on the network. The port is only part of the socket's name. */
export const PORT = 5432;

/** Finds or makes the place of the database for `folder`. */
export async function findPlace(options: PlaceOptions): Promise<Place> {
  const words = completeWords(options.words);
  try {
    return await place(options, words);
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new LocalPostgresError(
      'notPermitted',
      `${(error as Error).message}: ${words.folder} must belong to the user who starts the service.`,
    );
  }
}

async function place(options: PlaceOptions, words: Words): Promise<Place> {
  const home = await underRealParent(options.folder);
  const log = await underRealParent(options.logFile);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const settled = await settle({
    home,
    binaries: options.binaries ?? (await packagedBinaries(join(home, 'lib'), words)),
    words,
    parent: options.elsewhere ?? `/var/lib/${options.name}-postgres`,
    namespaces: options.namespaces ?? true,
  });
  return {
    home: settled.home,
    data: join(settled.home, 'data'),
    socket: await socketFolder(settled.home, options.name, settled.identity),
    log,
    identity: settled.identity,
    binaries: settled.binaries,
    words,
  };
}

/**
 * The path, with links in its parent folder resolved. The names of other folders derive from it, so
 * one database must always have the same path.
 */
async function underRealParent(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return join(await realpath(dirname(path)), basename(path));
}

async function settle(search: Search): Promise<Settled> {
  const { home, binaries, words } = search;
  const me = process.geteuid?.() ?? 0;
  const owner = await ownerOf(join(home, 'data'));
  if (me === 0) return settleAsRoot(search, owner);
  if (owner !== undefined && owner !== me) {
    throw new LocalPostgresError(
      'notPermitted',
      `The database in ${home} belongs to another user (number ${owner}): start as that user, or choose another ${words.folder}.`,
    );
  }
  if (await hasName(me)) return { home, identity: { kind: 'self' }, binaries };
  const named = await namespace(search);
  if (named) return { home, identity: named, binaries };
  throw new LocalPostgresError(
    'unsupported',
    `User number ${me} has no name in /etc/passwd, without which initdb refuses to work: name it there, or ${words.alternative}.`,
  );
}

/**
 * PostgreSQL refuses to run as root, so find another identity. `owner`: the owner of existing data.
 */
async function settleAsRoot(search: Search, owner: number | undefined): Promise<Settled> {
  const { home, binaries } = search;
  if ((await ownerOf(join(home, 'elsewhere'))) !== undefined) return elsewhere(search);
  if (owner !== undefined && owner !== 0) {
    const identity = { kind: 'uid', uid: owner, gid: owner } as const;
    return { home, identity, binaries: await reachableBinaries(owner, search) };
  }
  await chown(home, 0, 0);
  const named = await namespace(search);
  if (named) return { home, identity: named, binaries };
  if (!(await everybodyMayEnter(dirname(home)))) return elsewhere(search);
  const uid = freeUid(home);
  await chmod(home, 0o711);
  if (owner === 0) await give(join(home, 'data'), uid);
  return { home, identity: { kind: 'uid', uid, gid: uid }, binaries: await reachableBinaries(uid, search) };
}

/** A namespace in which this process's user is a named user other than root, if that works here. */
async function namespace({ home, binaries, namespaces }: Search): Promise<Identity | undefined> {
  if (!namespaces || process.platform !== 'linux') return undefined;
  const named = await anyNamedUser();
  if (named === undefined) return undefined;
  const identity = { kind: 'namespace', ...named } as const;
  // Inside its own namespace, root has no power over other users' folders, so test access to both.
  const test = 'test -w "$1" && test -x "$1" && "$2" --version';
  const works = await succeeds(
    commandFor(identity, 'sh', ['-c', test, 'sh', home, join(binaries.bin, 'postgres')], binaries),
  );
  return works ? identity : undefined;
}

async function socketFolder(home: string, name: string, identity: Identity): Promise<string> {
  const near = join(home, 'socket');
  const fits = Buffer.byteLength(socketFile(near)) <= LONGEST_SOCKET_PATH;
  const folder = fits ? near : join('/tmp', `${name}-${shortHash(home)}`);
  const owner = identity.kind === 'uid' ? identity.uid : process.geteuid?.();
  try {
    await mkdir(folder, { mode: 0o700 });
    if (identity.kind === 'uid' && process.geteuid?.() === 0) await chown(folder, identity.uid, identity.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = await lstat(folder);
    if (fits && found.uid !== owner && process.geteuid?.() === 0 && owner !== undefined) {
      await chown(folder, owner, owner);
    } else if (!found.isDirectory() || found.uid !== owner || (found.mode & 0o077) !== 0) {
      throw new LocalPostgresError(
        'notPermitted',
        `${folder}, the folder of PostgreSQL's socket, is not a private folder of user number ${owner}: remove it.`,
      );
    }
  }
  return folder;
}

/** The path of the socket that the server makes in its folder. */
export function socketFile(folder: string): string {
  return join(folder, `.s.PGSQL.${PORT}`);
}
