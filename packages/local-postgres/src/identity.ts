import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Binaries } from './binaries.ts';
import { LocalPostgresError } from './error.ts';
import { completeWords } from './options.ts';

const run = promisify(execFile);

/** The user that PostgreSQL runs as. PostgreSQL refuses to run as root. */
export type Identity =
  /** As the user of this process. */
  | { readonly kind: 'self' }
  /** The user of this process, under another number inside a user namespace. */
  | { readonly kind: 'namespace'; readonly uid: number; readonly gid: number }
  /** Another user, who owns nothing else. */
  | { readonly kind: 'uid'; readonly uid: number; readonly gid: number };

/** The arguments of `spawn` and `execFile`. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly uid?: number;
    readonly gid?: number;
  };
}

/**
 * How to run one of PostgreSQL's programs as `identity`, without the environment of this process.
 */
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

/** True when the command succeeds within ten seconds. */
export async function succeeds({ file, args, options }: Command): Promise<boolean> {
  return run(file, args, { ...options, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The identity for `initdb`, which needs a user with a name. The server does not. */
export async function initdbIdentity(identity: Identity, words = completeWords()): Promise<Identity> {
  if (identity.kind !== 'uid' || (await hasName(identity.uid))) return identity;
  const named = await anyNamedUser();
  if (named === undefined) {
    throw new LocalPostgresError(
      'unsupported',
      `/etc/passwd names no user but root, as one of whom initdb could work: ${words.alternative}.`,
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

/** A user in /etc/passwd other than root. Prefers `nobody`, who should own no files. */
export async function anyNamedUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const users = (await passwd()).filter(({ uid, gid }) => uid > 0 && uid <= 65_534 && gid > 0);
  return users.find(({ uid }) => uid === 65_534) ?? users[0];
}

/** True when the user with this number has a name. */
export async function hasName(uid: number): Promise<boolean> {
  // Ask the C library, which also knows user directories besides /etc/passwd.
  return run('id', ['-un', '--', String(uid)], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim() !== '' && stdout.trim() !== String(uid),
    async () => (await passwd()).some((user) => user.uid === uid),
  );
}
