import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { root } from '../root.ts';
import type { Connection } from './database.ts';

/** The folder of `NNN-title.sql`, run in the order of their numbers. */
export const migrationsFolder = join(root, 'migrations');

/** Any constant number. Nodes that start together wait for each other on this advisory lock. */
const migrationLock = 0x6b_61_62_69_6e;

/** A migration file does not belong in the folder, was edited after it ran, or its SQL failed. */
class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface MigrationLog {
  info(message: string): void;
}

/**
 * Milliseconds that a statement of a migration waits for a lock. Everybody else who wants the same
 * table queues behind it, so it gives up soon and tries again: no lock may block for more than 200
 * ms.
 */
const lockWaitMs = 150;
/** Milliseconds between two attempts, so that waiting statements are served. */
const restMs = 500;
const mostTries = 200;
/**
 * Milliseconds until a log line about a missing lock. Other nodes rarely take longer; behind
 * PgBouncer, the lock may belong to a session that never ends.
 */
const hintMs = 5_000;

/** Milliseconds between two checks whether the migrating node has finished. */
const askMs = 200;

/**
 * The first line of a file whose statements run one by one outside a transaction, such as `create
 * index concurrently`. A statement ends with a semicolon at the end of its line. It must be
 * possible to run each of them again after a failure.
 */
const outsideTransaction = /^-- outside a transaction\b/;

/**
 * Updates the database to this version: runs the files that have not run yet, in the order of their
 * numbers. Neighbouring files share one transaction, except those marked `-- outside a
 * transaction`. Several nodes may start at once, and a service may be running: a migration gives
 * way when somebody holds a lock it needs. It needs a session of its own, so PgBouncer's
 * transaction mode does not work.
 * @returns the names of the files that ran now
 * @throws MigrationError naming the file, with PostgreSQL's message and the line
 */
export async function migrate(
  connection: Connection,
  log: MigrationLog,
  folder: string = migrationsFolder,
): Promise<readonly string[]> {
  const digests = await readDigests(folder);
  const client = new pg.Client({ ...connection, application_name: 'kabinet migrations' });
  // The current query fails with it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await waitForLock(client, log);
    const waiting = await notRun(client, digests);
    if (waiting.length === 0) return [];
    await refuseServiceRole(client);
    await givingWay(() => run(client, folder, digests, log), log);
    for (const name of waiting) log.info(`Migration ${name} ran`);
    return waiting;
  } finally {
    await client.end();
  }
}

/**
 * Waits until no other node migrates, by asking repeatedly. A statement that waits inside the
 * database would hold a snapshot, and the other node's `create index concurrently` would wait for
 * that snapshot.
 */
async function waitForLock(client: pg.Client, log: MigrationLog): Promise<void> {
  const hint = setTimeout(() => {
    log.info(
      'Waiting for the migrations of another node. If DATABASE_URL is a PgBouncer, set DATABASE_DIRECT_URL',
    );
  }, hintMs);
  try {
    for (;;) {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as taken', [migrationLock]);
      if (rows[0].taken) return;
      await pause(askMs);
    }
  } finally {
    clearTimeout(hint);
  }
}

/**
 * The names of the files that have not run here, in order. This only reads, because a backup may be
 * reading the table as well.
 * @throws MigrationError when a file was edited after it ran, or a later one ran before it
 */
async function notRun(client: pg.Client, digests: Digests): Promise<readonly string[]> {
  const { rows: found } = await client.query(`select to_regclass('public.migration') is not null as found`);
  if (!found[0].found) return [...digests.keys()];
  // Read it as JSON, because the first versions had no digest column.
  const { rows } = await client.query(
    `select name, to_jsonb(migration) ->> 'digest' as digest from public.migration`,
  );
  const ran = new Map(rows.map(({ name, digest }) => [name, digest]));
  const edited = [...digests].filter(([name, digest]) => (ran.get(name) ?? digest) !== digest);
  if (edited.length > 0)
    throw new MigrationError(
      `edited after it ran here: ${edited.map(([name]) => name).join(', ')}. Restore it and put the change into a new migration`,
    );
  const waiting = [...digests.keys()].filter((name) => !ran.has(name));
  const [first] = waiting;
  const later = [...ran.keys()].find((name) => first !== undefined && name > first);
  if (later !== undefined)
    throw new MigrationError(
      `${first} has not run here, but ${later} has, which comes after it. Give the new file a higher number. After work on another branch, use a new database: delete ./var`,
    );
  return waiting;
}

/**
 * Refuses the service's role (`kabinet database grant`), which owns nothing. With that role, a
 * start only works when there is nothing to migrate.
 * @throws MigrationError for such a role
 */
async function refuseServiceRole(client: pg.Client): Promise<void> {
  const { rows: table } = await client.query(
    `select pg_has_role(relowner, 'usage') as owns from pg_class where oid = to_regclass('public.migration')`,
  );
  if (table[0]?.owns === false)
    throw new MigrationError(
      'migrations wait, and the role of this connection does not own the tables: start once with DATABASE_DIRECT_URL naming their owner',
    );
}

/** Runs the new files. The runner is imported here, because few starts need it. */
async function run(client: pg.Client, folder: string, digests: Digests, log: MigrationLog): Promise<void> {
  const { runner } = await import('node-pg-migrate');
  const problems: string[] = [];
  const quiet = () => undefined;
  let begun = '';
  try {
    await client.query(`set lock_timeout = ${lockWaitMs}`);
    await client.query(record);
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: 'migration',
      migrationsSchema: 'public',
      singleTransaction: true,
      noLock: true,
      logger: { debug: quiet, info: quiet, warn: quiet, error: (message: string) => problems.push(message) },
      migrationLoaderStrategies: [
        {
          extensions: ['.sql'],
          loader: wholeFiles(digests, (name, outside) => {
            begun = name;
            if (outside) log.info(`${name} runs beside the service, which may take long on large tables`);
          }),
        },
      ],
    });
  } catch (error) {
    throw new MigrationError(explain(error as Error, begun, problems), { cause: error });
  }
}

/**
 * The runner's table, with the digest of each file. The runner inserts a row in the transaction of
 * its file and does not know about digests, so the digest is set as the column's default.
 */
const record = `
  create table if not exists public.migration (
    id serial primary key, name varchar(255) not null, run_on timestamp not null
  );
  alter table public.migration add column if not exists digest text;
  alter table public.migration alter column digest set default current_setting('kabinet.digest', true)`;

/**
 * Tries again after a lock could not be taken. Everything done so far was rolled back and blocks
 * nobody.
 */
async function givingWay<Value>(work: () => Promise<Value>, log: MigrationLog): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (code !== '55P03' || attempt === mostTries) throw error;
      if (attempt === 1)
        log.info('A migration gave way to a holder of a lock that it needs, and will try again');
      await pause(restMs * (0.5 + Math.random()));
    }
  }
}

/**
 * The names of this version's migrations in order, without the file ending. Reads and checks the
 * folder.
 */
export async function migrationNames(folder: string = migrationsFolder): Promise<readonly string[]> {
  return [...(await readDigests(folder)).keys()];
}

/**
 * The name of each file, without its ending, with the hash of its text; in the order of the
 * numbers.
 */
type Digests = ReadonlyMap<string, string>;

async function readDigests(folder: string): Promise<Digests> {
  const digests = new Map<string, string>();
  const numbers = new Set<string>();
  for (const file of (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()) {
    const number = /^([0-9]{3})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/.exec(file)?.[1];
    if (number === undefined) throw new MigrationError(`${join(folder, file)} is not named NNN-title.sql`);
    if (numbers.has(number)) throw new MigrationError(`two migrations are numbered ${number}`);
    numbers.add(number);
    // A checkout may have converted line breaks.
    const text = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
    digests.set(basename(file, '.sql'), createHash('sha256').update(text).digest('hex'));
  }
  return digests;
}

/**
 * Loads each file as one forward step, and reports the name of each as it begins. The runner's own
 * loader would split a file at a comment that begins with "up migration" or "down migration".
 */
function wholeFiles(digests: Digests, onBegin: (name: string, outside: boolean) => void) {
  const load = async (path: string) => {
    const text = await readFile(path, 'utf8');
    const up = (steps: { sql(text: string): void; noTransaction(): void }) => {
      const outside = outsideTransaction.test(text);
      onBegin(basename(path), outside);
      steps.sql(`set kabinet.digest = '${digests.get(basename(path, '.sql'))}'`);
      if (!outside) return steps.sql(text);
      steps.noTransaction();
      // Building an index concurrently waits for all running transactions, but does not block them.
      steps.sql('set lock_timeout = 0');
      // PostgreSQL runs statements that are sent together in one transaction.
      for (const statement of text.split(/(?<=;)[ \t]*\r?\n/)) {
        if (statement.trim() !== '') steps.sql(statement);
      }
      steps.sql(`set lock_timeout = ${lockWaitMs}`);
    };
    return { id: path, filePaths: [path], actions: { up, down: false as const } };
  };
  return (paths: readonly string[]) => Promise.all(paths.map(load));
}

/** The runner only logs the failing SQL, with a mark below the place. */
function explain(error: Error, file: string, problems: readonly string[]): string {
  const message = file === '' ? error.message : `${file}: ${error.message}`;
  const lines = problems.at(-1)?.split('\n') ?? [];
  const mark = lines.findIndex((line) => /^\s*\^{4}$/.test(line));
  return mark < 1 ? message : `${message}, line ${mark - 1}:\n${lines[mark - 1]}\n${lines[mark]}`;
}
