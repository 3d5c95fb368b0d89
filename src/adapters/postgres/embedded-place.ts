import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  cp,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, linkLibraries } from './embedded-binaries.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';

const run = promisify(execFile);

/** As whom PostgreSQL runs: it refuses root. */
export type Identity =
  /** As the user of this process. */
  | { readonly kind: 'self' }
  /** As the user of this process, who inside a user namespace is called by another number. */
  | { readonly kind: 'namespace'; readonly uid: number; readonly gid: number }
  /** As another user, one that owns nothing else. */
  | { readonly kind: 'uid'; readonly uid: number; readonly gid: number };

/** Where the embedded server's files are, and as whom it runs. */
export interface Place {
  /** The folder that holds the database: `VAR_DIR/postgres` or, where PostgreSQL cannot enter that, another. */
  readonly home: string;
  readonly data: string;
  /** Private to the server's user and, short of being root, nobody else may enter it. */
  readonly socket: string;
  readonly log: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
}

export interface PlaceOptions {
  readonly varDir: string;
  readonly binaries: (spare: string) => Promise<Binaries>;
  /** False: as if this machine had no user namespaces. */
  readonly namespaces?: boolean;
  /** Parent of the folders of databases that cannot stay in their `VAR_DIR`. */
  readonly elsewhere?: string;
}

/** A socket's path has at most 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 103;

/** Numbers that systemd's and Debian's allocation leave to nobody. */
const FREE_UIDS = { first: 60_578, count: 606 };

export const PORT = 5432;

/** Finds, and makes where it is missing, the place of the database of `varDir`. */
export async function findPlace(options: PlaceOptions): Promise<Place> {
  try {
    return await place(options);
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new EmbeddedPostgresError(
      `${(error as Error).message}: VAR_DIR must belong to the user who starts the service.`,
    );
  }
}

async function place(options: PlaceOptions): Promise<Place> {
  await mkdir(options.varDir, { recursive: true, mode: 0o700 });
  const varDir = await realpath(options.varDir);
  const home = join(varDir, 'postgres');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const binaries = await options.binaries(join(home, 'lib'));
  const settled = await settle(home, binaries, options);
  return {
    home: settled.home,
    data: join(settled.home, 'data'),
    socket: await socketFolder(settled.home, settled.identity),
    log: join(varDir, 'postgres.log'),
    identity: settled.identity,
    binaries: settled.binaries,
  };
}

interface Settled {
  readonly home: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
}

async function settle(home: string, binaries: Binaries, options: PlaceOptions): Promise<Settled> {
  const me = process.geteuid?.() ?? 0;
  const owner = await ownerOf(join(home, 'data'));
  if (me !== 0) {
    if (owner !== undefined && owner !== me) {
      throw new EmbeddedPostgresError(
        `The database in ${home} belongs to another user (number ${owner}): start as that user, or choose another VAR_DIR.`,
      );
    }
    if (await nameOf(me)) return { home, identity: { kind: 'self' }, binaries };
    const named = await namespace(home, binaries, options);
    if (named) return { home, identity: named, binaries };
    throw new EmbeddedPostgresError(
      `User number ${me} has no name in /etc/passwd, without which initdb refuses to work: name it there, or set DATABASE_URL.`,
    );
  }

  if ((await ownerOf(join(home, 'elsewhere'))) !== undefined) return elsewhere(home, binaries, options);
  if (owner !== undefined && owner !== 0) {
    const identity = { kind: 'uid', uid: owner, gid: owner } as const;
    return { home, identity, binaries: await reachableBinaries(owner, binaries, options) };
  }
  await chown(home, 0, 0);
  const named = await namespace(home, binaries, options);
  if (named) return { home, identity: named, binaries };
  if (!(await everybodyMayEnter(dirname(home)))) return elsewhere(home, binaries, options);
  const uid = freeUid(home);
  await chmod(home, 0o711);
  if (owner === 0) await give(join(home, 'data'), uid);
  return {
    home,
    identity: { kind: 'uid', uid, gid: uid },
    binaries: await reachableBinaries(uid, binaries, options),
  };
}

/** A namespace in which this process's user is a named one other than root, if that works here. */
async function namespace(
  home: string,
  binaries: Binaries,
  options: PlaceOptions,
): Promise<Identity | undefined> {
  if (options.namespaces === false || process.platform !== 'linux') return undefined;
  const named = await anyNamedUser();
  if (named === undefined) return undefined;
  const identity = { kind: 'namespace', ...named } as const;
  // Root in a namespace of its own keeps no power over others' folders, so the way to both is tried.
  const test = 'test -w "$1" && test -x "$1" && "$2" --version';
  const works = await succeeds(
    commandFor(identity, 'sh', ['-c', test, 'sh', home, join(binaries.bin, 'postgres')], binaries),
  );
  return works ? identity : undefined;
}

/** A folder of its own for a database whose `VAR_DIR` shuts out every user but root. */
async function elsewhere(home: string, binaries: Binaries, options: PlaceOptions): Promise<Settled> {
  const parent = elsewhereParent(options);
  const other = join(parent, shortHash(home));
  const uid = freeUid(home);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const marker = join(home, 'elsewhere');
  const pointed = await readFile(marker, 'utf8').catch(() => undefined);
  if (pointed !== undefined && pointed.trim() !== other) {
    throw new EmbeddedPostgresError(
      `${marker} says that the database is in ${pointed.trim()}: VAR_DIR was copied or moved. Move it back, or delete ${marker} to begin with an empty database.`,
    );
  }
  if (pointed === undefined) {
    if ((await ownerOf(join(home, 'data'))) !== undefined) {
      throw new EmbeddedPostgresError(
        `The database in ${home} can only be run by root in a user namespace, which this machine does not allow: allow user namespaces, or give VAR_DIR and its files to an ordinary user and start as that one.`,
      );
    }
    // A deleted VAR_DIR took its pointer with it; what it pointed to is not this database.
    if ((await ownerOf(other)) !== undefined) await rename(other, `${other}.left-${Date.now()}`);
  }
  await mkdir(other, { recursive: true, mode: 0o711 });
  await chmod(other, 0o711);
  await writeFile(marker, `${other}\n`, { mode: 0o600 });
  return {
    home: other,
    identity: { kind: 'uid', uid, gid: uid },
    binaries: await reachableBinaries(uid, binaries, options),
  };
}

/** The programs as they are, or a copy where user `uid` cannot reach them. */
async function reachableBinaries(uid: number, binaries: Binaries, options: PlaceOptions): Promise<Binaries> {
  const identity = { kind: 'uid', uid, gid: uid } as const;
  if (await succeeds(commandFor(identity, join(binaries.bin, 'postgres'), ['--version'], binaries)))
    return binaries;
  if (binaries.bundle === undefined) {
    throw new EmbeddedPostgresError(`User number ${uid} cannot run ${binaries.bin}/postgres.`);
  }
  const parent = elsewhereParent(options);
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
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and here it can neither run in a user namespace nor as user number ${uid} from ${copy}: start as an ordinary user, or set DATABASE_URL.`,
  );
}

function elsewhereParent(options: PlaceOptions): string {
  return options.elsewhere ?? '/var/lib/kabinet-postgres';
}

async function openToAll(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(full, 0o755);
    else if (entry.isFile()) await chmod(full, ((await stat(full)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
  await chmod(path, 0o755);
}

/** `from` becomes `to`, or goes when another process was first. */
export async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rm(from, { recursive: true, force: true });
  }
}

/** Makes `uid` the owner of a folder and everything in it. */
export async function give(folder: string, uid: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), uid, uid);
  }
  await lchown(folder, uid, uid);
}

async function socketFolder(home: string, identity: Identity): Promise<string> {
  const near = join(home, 'socket');
  const fits = Buffer.byteLength(socketFile(near)) <= LONGEST_SOCKET_PATH;
  const folder = fits ? near : join('/tmp', `kabinet-${shortHash(home)}`);
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
      throw new EmbeddedPostgresError(
        `${folder}, the folder of PostgreSQL's socket, is not a private folder of user number ${owner}: remove it.`,
      );
    }
  }
  return folder;
}

/** The socket that the server makes in its folder. */
export function socketFile(folder: string): string {
  return join(folder, `.s.PGSQL.${PORT}`);
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly uid?: number;
    readonly gid?: number;
  };
}

/** How to run one of PostgreSQL's programs as `identity`, with nothing of this process's environment. */
export function commandFor(
  identity: Identity,
  program: string,
  args: readonly string[],
  binaries: Binaries,
): Command {
  const libraries = binaries.libraries?.join(':');
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries }),
  };
  const options = { cwd: '/', env };
  switch (identity.kind) {
    case 'self':
      return { file: program, args, options };
    case 'namespace': {
      const map = ['--user', `--map-user=${identity.uid}`, `--map-group=${identity.gid}`, '--'];
      return { file: 'unshare', args: [...map, program, ...args], options };
    }
    case 'uid':
      return { file: program, args, options: { ...options, uid: identity.uid, gid: identity.gid } };
  }
}

async function succeeds({ file, args, options }: Command): Promise<boolean> {
  return run(file, args, { ...options, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The identity under which `initdb` works: it wants a user with a name, the server does not. */
export async function initdbIdentity(identity: Identity): Promise<Identity> {
  if (identity.kind !== 'uid' || (await nameOf(identity.uid))) return identity;
  const named = await anyNamedUser();
  if (named === undefined) {
    throw new EmbeddedPostgresError(
      '/etc/passwd names no user but root, as one of whom initdb could work: set DATABASE_URL.',
    );
  }
  return { kind: 'uid', ...named };
}

async function passwd(): Promise<readonly { readonly uid: number; readonly gid: number }[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '')
      ? [{ uid: Number(uid), gid: Number(gid) }]
      : [];
  });
}

/** `nobody` before others: it should own no file. */
async function anyNamedUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const users = (await passwd()).filter(({ uid, gid }) => uid > 0 && uid <= 65_534 && gid > 0);
  return users.find(({ uid }) => uid === 65_534) ?? users[0];
}

async function nameOf(uid: number): Promise<boolean> {
  // Asked of the C library, which knows directories beside /etc/passwd.
  return run('id', ['-un', '--', String(uid)], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim() !== '' && stdout.trim() !== String(uid),
    async () => (await passwd()).some((user) => user.uid === uid),
  );
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).uid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function everybodyMayEnter(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

function freeUid(home: string): number {
  return FREE_UIDS.first + (Number.parseInt(shortHash(home), 16) % FREE_UIDS.count);
}

function shortHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}
