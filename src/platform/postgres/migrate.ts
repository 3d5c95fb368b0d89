import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { root } from '../root.ts';
import type { Connection } from './database.ts';

/** The folder of `NNN-title.sql`, run in the order of their numbers. */
export const migrationsFolder = join(root, 'migrations');

/** Any number of our own; nodes that start together wait for each other on it. */
const migrationLock = 0x6b_61_62_69_6e;

/**
 * A file of the folder that has no business there, was edited after it ran, or whose SQL failed.
 */
class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface MigrationLog {
  info(message: string): void;
}

/**
 * How long a statement of a migration waits for a lock. Everybody who wants the same table queues
 * behind it meanwhile, so it gives way soon and tries again (facts-security, 3.2: no lock over 200
 * ms).
 */
const lockWaitMs = 150;
/** Between two tries, so that those who queued are served. */
const restMs = 500;
const mostTries = 200;
/** Other nodes are seldom slower; behind PgBouncer a lock stays with a session that nobody ends. */
const hintMs = 5_000;

/** How often a node asks whether the node that is migrating has finished. */
const askMs = 200;

/**
 * The first line of a file whose statements run one by one outside a transaction, such as `create
 * index concurrently`. A statement ends with a semicolon at the end of its line. Each must bear
 * being run again after a failure.
 */
const outsideTransaction = /^-- outside a transaction\b/;

/**
 * Brings the database to the level of this version: runs the files that it has not run yet, in the
 * order of their numbers. Neighbouring files share one transaction, except those marked `-- outside
 * a transaction`. Safe when several nodes start at once, and beside a running service: it gives way
 * to whoever holds a lock it needs. Needs a session of its own: not PgBouncer's transaction mode.
 * @returns the names of the files that ran now
 * @throws MigrationError naming the file, and PostgreSQL's message with the line
 */
export async function migrate(
  connection: Connection,
  log: MigrationLog,
  folder: string = migrationsFolder,
): Promise<readonly string[]> {
  const digests = await readDigests(folder);
  const client = new pg.Client({ ...connection, application_name: 'kabinet migrations' });
  // The query under way fails with it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const hint = setTimeout(() => {
      log.info(
        'Waiting for another node to end its migrations. If DATABASE_URL is a PgBouncer: set DATABASE_DIRECT_URL',
      );
    }, hintMs);
    await waitForLock(client).finally(() => clearTimeout(hint));
    await refuseEdited(client, digests);
    const ran: string[] = [];
    for (const step of await planSteps(client, folder, [...digests.keys()])) {
      // Building an index concurrently waits for everybody who is at work, and lets everybody work
      // meanwhile.
      await client.query(`set lock_timeout = ${step.outside ? 0 : lockWaitMs}`);
      const done = await givingWay(() => run(client, folder, step), log);
      await keepDigests(client, digests);
      for (const { name } of done) log.info(`Migration ${name} ran`);
      ran.push(...done.map(({ name }) => name));
    }
    return ran;
  } finally {
    await client.end();
  }
}

/**
 * Waits until no other node migrates. It asks again and again: a statement that waits inside the
 * database would hold a snapshot, and `create index concurrently` of the node at work would wait
 * for it in turn.
 */
async function waitForLock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      migrationLock,
    ]);
    if (rows[0]?.taken) return;
    await pause(askMs);
  }
}

/** Files that run together: some in one transaction, or one outside any. */
interface Step {
  readonly count: number;
  readonly outside: boolean;
}

/**
 * Divides what has not run yet into steps. At least one step: the runner makes its table, and
 * checks the order.
 */
async function planSteps(
  client: pg.Client,
  folder: string,
  names: readonly string[],
): Promise<readonly Step[]> {
  const steps: { count: number; outside: boolean }[] = [];
  for (const name of await notRun(async (text) => (await client.query(text)).rows, names)) {
    const outside = outsideTransaction.test(await readFile(join(folder, `${name}.sql`), 'utf8'));
    const last = steps.at(-1);
    if (last && !last.outside && !outside) last.count += 1;
    else steps.push({ count: 1, outside });
  }
  const { rows: table } = await client.query<{ owns: boolean }>(
    `select pg_has_role(relowner, 'usage') as owns from pg_class where oid = to_regclass('public.migration')`,
  );
  // A role that only serves owns nothing (`kabinet database grant`): it starts where nothing waits.
  if (table[0]?.owns === false) {
    if (steps.length === 0) return [];
    throw new MigrationError(
      'migrations wait, and the role of this connection does not own the tables: start once with DATABASE_DIRECT_URL naming their owner',
    );
  }
  return steps.length === 0 ? [{ count: 1, outside: false }] : steps;
}

/** Runs the next files, as many as the step has. */
async function run(
  client: pg.Client,
  folder: string,
  { count, outside }: Step,
): Promise<readonly { readonly name: string }[]> {
  const problems: string[] = [];
  const onError = (message: string) => {
    problems.push(message);
  };
  const quiet = () => undefined;
  let begun = '';
  return runner({
    dbClient: client,
    dir: folder,
    direction: 'up',
    count,
    migrationsTable: 'migration',
    migrationsSchema: 'public',
    singleTransaction: !outside,
    noLock: true,
    logger: { debug: quiet, info: quiet, warn: quiet, error: onError },
    // The kept loader would cut a file at a comment that begins with "up migration" or "down
    // migration".
    migrationLoaderStrategies: [
      {
        extensions: ['.sql'],
        loader: wholeFiles((name) => {
          begun = name;
        }),
      },
    ],
  }).catch((error: Error) => {
    throw new MigrationError(explain(error, begun, problems), { cause: error });
  });
}

/**
 * Tries again when a lock was not to be had: all that was done so far has been rolled back, and
 * holds nobody up.
 */
async function givingWay<Value>(work: () => Promise<Value>, log: MigrationLog): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (code !== '55P03' || attempt === mostTries) throw error;
      if (attempt === 1)
        log.info('A migration gave way to whoever holds a lock that it needs; it tries again');
      await pause(restMs * (0.5 + Math.random()));
    }
  }
}

/**
 * The names of this version's migrations, without their ending, in their order. Reads and checks
 * the folder.
 */
export async function migrationNames(folder: string = migrationsFolder): Promise<readonly string[]> {
  return [...(await readDigests(folder)).keys()];
}

/** Those of `names` that the database behind `ask` has not run. */
async function notRun(
  ask: (text: string) => Promise<readonly { readonly name?: string; readonly known?: boolean }[]>,
  names: readonly string[],
): Promise<readonly string[]> {
  const [table] = await ask(`select to_regclass('public.migration') is not null as known`);
  if (!table?.known) return names;
  const ran = new Set((await ask('select name from public.migration')).map(({ name }) => name));
  return names.filter((name) => !ran.has(name));
}

/** Each file's name without its ending, with the hash of its text. */
async function readDigests(folder: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  const numbers = new Set<string>();
  for (const file of (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()) {
    const number = /^([0-9]{3})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/.exec(file)?.[1];
    if (number === undefined) throw new MigrationError(`${join(folder, file)} is not named NNN-title.sql`);
    if (numbers.has(number)) throw new MigrationError(`two migrations are numbered ${number}`);
    numbers.add(number);
    // A checkout may have changed the ends of lines.
    const text = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
    digests.set(basename(file, '.sql'), createHash('sha256').update(text).digest('hex'));
  }
  return digests;
}

/** Loads each file as one step forward; gives the name of each as it begins. */
function wholeFiles(onBegin: (name: string) => void) {
  return (paths: readonly string[]) =>
    Promise.all(
      paths.map(async (path) => {
        const text = await readFile(path, 'utf8');
        const up = (steps: { sql(text: string): void; noTransaction(): void }) => {
          onBegin(basename(path));
          if (!outsideTransaction.test(text)) return steps.sql(text);
          steps.noTransaction();
          // PostgreSQL takes statements that come together for one transaction.
          for (const statement of text.split(/(?<=;)[ \t]*\r?\n/)) {
            if (statement.trim() !== '') steps.sql(statement);
          }
        };
        return { id: path, filePaths: [path], actions: { up, down: false as const } };
      }),
    );
}

async function refuseEdited(client: pg.Client, digests: ReadonlyMap<string, string>): Promise<void> {
  const { rows: found } = await client.query(
    `select 1 from information_schema.columns
     where table_schema = 'public' and table_name = 'migration' and column_name = 'digest'`,
  );
  if (found.length === 0) return;
  const { rows } = await client.query('select name, digest from public.migration');
  const edited = rows.filter(
    ({ name, digest }) => digest !== null && digests.has(name) && digests.get(name) !== digest,
  );
  if (edited.length === 0) return;
  throw new MigrationError(
    `edited after it ran here: ${edited.map(({ name }) => name).join(', ')}. Restore it and put the change into a new migration`,
  );
}

async function keepDigests(client: pg.Client, digests: ReadonlyMap<string, string>): Promise<void> {
  await client.query('alter table public.migration add column if not exists digest text');
  await client.query(
    `update public.migration set digest = file.digest
     from unnest($1::text[], $2::text[]) as file (name, digest)
     where migration.name = file.name and migration.digest is null`,
    [[...digests.keys()], [...digests.values()]],
  );
}

/** The runner writes the failing SQL, with a mark under the place, only to its log. */
function explain(error: Error, file: string, problems: readonly string[]): string {
  const message = file === '' ? error.message : `${file}: ${error.message}`;
  const lines = problems.at(-1)?.split('\n') ?? [];
  const mark = lines.findIndex((line) => /^\s*\^{4}$/.test(line));
  return mark < 1 ? message : `${message}, line ${mark - 1}:\n${lines[mark - 1]}\n${lines[mark]}`;
}
