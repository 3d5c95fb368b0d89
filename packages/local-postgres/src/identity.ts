import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Binaries } from './binaries.ts';
import { LocalPostgresError } from './error.ts';
import { completeWords } from './options.ts';

const run = promisify(execFile);

/** As whom PostgreSQL runs: it refuses root. */
export type Identity =
  /** As the user of this process. */
  | { readonly kind: 'self' }
  /** As the user of this process, who inside a user namespace is called by another number. */
  | { readonly kind: 'namespace'; readonly uid: number; readonly gid: number }
  /** As another user, one that owns nothing else. */
  | { readonly kind: 'uid'; readonly uid: number; readonly gid: number };

/** What `spawn` and `execFile` take. */
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
 * How to run one of PostgreSQL's programs as `identity`, with nothing of this process's
 * environment.
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

/** Whether it ends well, and within ten seconds. */
export async function succeeds({ file, args, options }: Command): Promise<boolean> {
  return run(file, args, { ...options, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The identity under which `initdb` works: it wants a user with a name, the server does not. */
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

/**
 * One that /etc/passwd names, other than root: `nobody` before others, since that should own no
 * file.
 */
export async function anyNamedUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const users = (await passwd()).filter(({ uid, gid }) => uid > 0 && uid <= 65_534 && gid > 0);
  return users.find(({ uid }) => uid === 65_534) ?? users[0];
}

/** Whether the user of this number has a name. */
export async function hasName(uid: number): Promise<boolean> {
  // Asked of the C library, which knows directories beside /etc/passwd.
  return run('id', ['-un', '--', String(uid)], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim() !== '' && stdout.trim() !== String(uid),
    async () => (await passwd()).some((user) => user.uid === uid),
  );
}
