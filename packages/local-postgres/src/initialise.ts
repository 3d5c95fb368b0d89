import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalPostgresError } from './error.ts';
import { give, renameUnlessThere } from './files.ts';
import { type Command, commandFor, initdbIdentity } from './identity.ts';
import type { Place } from './place.ts';
import { didNotStart } from './server.ts';

/** Milliseconds after which an unfinished folder is removed. */
const LEFT_OVER_MS = 600_000;

/** Makes the database's folder, completely or not at all. */
export async function initialise(place: Place, superuser: string): Promise<void> {
  const major = place.binaries.version.split('.')[0];
  const kept = await readFile(join(place.data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (kept !== undefined) {
    if (kept.trim() === major) return;
    throw new LocalPostgresError(
      'otherVersion',
      `${place.home} was made by PostgreSQL ${kept.trim()} and this is ${major}: run the former version of the service and move its data by pg_dump, or set another ${place.words.folder}.`,
    );
  }
  await sweep(place);
  const identity = await initdbIdentity(place.identity, place.words);
  const fresh = `${place.data}.${randomBytes(4).toString('hex')}`;
  await mkdir(fresh, { mode: 0o700 });
  if (identity.kind === 'uid') await chown(fresh, identity.uid, identity.gid);
  const args = ['-D', fresh, '-U', superuser, '--encoding=UTF8', '--auth-local=trust', '--auth-host=reject'];
  const initdb = commandFor(
    identity,
    join(place.binaries.bin, 'initdb'),
    [...args, ...localeFor(Number(major))],
    place.binaries,
  );
  try {
    const { code, said } = await finish(initdb);
    if (code !== 0) throw didNotStart(place, said);
    if (place.identity.kind === 'uid') await give(fresh, place.identity.uid);
    await renameUnlessThere(fresh, place.data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Locale options that sort by code point and use Unicode's letters, whatever locales the machine
 * has. Trigrams still take their letters from the machine's LC_CTYPE.
 */
function localeFor(major: number): readonly string[] {
  const letters = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  return major >= 17
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', `--lc-ctype=${letters}`]
    : ['--locale=C', `--lc-ctype=${letters}`];
}

/** Removes the unfinished folders of starts that were killed. */
async function sweep(place: Place): Promise<void> {
  for (const name of await readdir(place.home)) {
    const folder = join(place.home, name);
    if (!/^data\.[0-9a-f]{8}$/.test(name) || Date.now() - (await stat(folder)).mtimeMs < LEFT_OVER_MS)
      continue;
    await rm(folder, { recursive: true, force: true });
  }
}

async function finish(command: Command): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, command.options);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}
