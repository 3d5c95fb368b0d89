import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Connection } from './database.ts';
import { type MigrationLog, migrate, migrationsFolder } from './migrate.ts';
import { bringUpToDate } from './schema-release.ts';

/** The backup does not fit this database or this version. The message says why. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Called as rows are copied, with the table and its bytes copied so far. */
export type Progress = (table: string, bytes: number) => void;

interface Table {
  /** Quoted, with its schema. */
  readonly name: string;
  /** Quoted. */
  readonly columns: readonly string[];
}

/** The first frame of a backup. */
interface Manifest {
  readonly madeAt: string;
  readonly migrations: readonly string[];
  readonly tables: readonly Table[];
}

interface Sequence {
  readonly table: string;
  readonly column: string;
  readonly value: string | null;
}

/** The last frame of a backup. */
interface Trailer {
  readonly rows: Readonly<Record<string, number>>;
  readonly sequences: readonly Sequence[];
}

/**
 * Reserved outbox numbers, which may have been used after the backup was made. The fund received
 * some of those changes and refuses a lower number for the same person, so saves after a restore
 * must start above them.
 */
const outboxMargin = 1_000_000;

/**
 * Writes all data of the service as one consistent snapshot, while it runs: each table's rows in
 * COPY format, in frames that begin with their length. An empty frame ends a table.
 */
export async function* dumpDatabase(
  connection: Connection,
  onProgress: Progress = () => undefined,
): AsyncGenerator<Buffer> {
  const client = await connect(connection, 'kabinet backup');
  try {
    await client.query('begin isolation level repeatable read, read only');
    // Read rows in their physical order.
    await client.query('set local synchronize_seqscans = off');
    const tables = await listTables(client);
    const { rows: ran } = await client.query('select name from public.migration order by name');
    const { rows: now } = await client.query(
      `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`,
    );
    const manifest: Manifest = { madeAt: now[0].now, migrations: ran.map(({ name }) => name), tables };
    yield frame(Buffer.from(JSON.stringify(manifest)));
    const rows: Record<string, number> = {};
    const unreadable = await findUnreadable(client);
    for (const table of tables) {
      if (unreadable.has(table.name)) {
        rows[table.name] = 0;
        yield frame(Buffer.alloc(0));
        continue;
      }
      const stream = client.query(copyTo(`copy ${table.name} (${table.columns.join(', ')}) to stdout`));
      let bytes = 0;
      for await (const chunk of stream) {
        yield frame(chunk);
        bytes += chunk.length;
        onProgress(table.name, bytes);
      }
      rows[table.name] = stream.rowCount;
      yield frame(Buffer.alloc(0));
    }
    // Read the sequences last: none is lower than a number in the rows above.
    const trailer: Trailer = { rows, sequences: await readSequences(client) };
    yield frame(Buffer.from(JSON.stringify(trailer)));
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/**
 * Reads a whole backup without using it, so that a truncated one is refused before anything is
 * written.
 */
export async function checkDump(dump: AsyncIterable<Buffer>): Promise<{ readonly madeAt: string }> {
  const frames = readFrames(dump);
  const manifest = await readJson<Manifest>(frames);
  for (const _ of manifest.tables) for await (const _piece of untilEmpty(frames));
  await readJson<Trailer>(frames);
  if (!(await frames.next()).done) throw new BackupError('the backup goes on after its end');
  return { madeAt: manifest.madeAt };
}

/** Tables that are empty in an unused database. Migrations add rows to some of the others. */
const filledByPeople = ['cabinet.holder', 'cabinet.street', 'fund.person'];

/** Why a backup must not be loaded here now; undefined when it may be. */
export async function whyNotRestore(
  connection: Connection,
  { replace }: { readonly replace: boolean },
): Promise<string | undefined> {
  const client = await connect(connection, 'kabinet restore');
  try {
    const { rows: users } = await client.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'kabinet'`,
    );
    if (users.length > 0) return 'the service is running on this database: stop it first';
    if (replace) return undefined;
    const tables = await listTables(client);
    for (const { name } of tables.filter((one) => filledByPeople.includes(one.name))) {
      const { rows } = await client.query(`select from ${name} limit 1`);
      if (rows.length > 0)
        return `this database is not empty (${name}): name an empty one, or say --replace to lose what is in it`;
    }
    return undefined;
  } finally {
    await client.end();
  }
}

/**
 * Replaces everything by a backup: creates the tables as in the backup's version, fills them in one
 * transaction, and then runs the newer migrations.
 */
export async function loadDatabase(
  connection: Connection,
  dump: AsyncIterable<Buffer>,
  log: MigrationLog,
  onProgress: Progress = () => undefined,
): Promise<void> {
  const frames = readFrames(dump);
  const manifest = await readJson<Manifest>(frames);
  const client = await connect(connection, 'kabinet restore');
  try {
    await client.query('set client_min_messages = warning');
    await client.query('drop schema if exists cabinet, fund cascade');
    await client.query('drop table if exists public.migration');
    await migrateTo(connection, manifest.migrations, log);
    await client.query('begin');
    const tables = await listTables(client);
    if (JSON.stringify(tables) !== JSON.stringify(manifest.tables))
      throw new BackupError('the tables of this backup are not those that its migrations make');
    const links = await setLinksAside(client, tables);
    const counted: Record<string, number> = {};
    for (const { name, columns } of tables) {
      const stream = client.query(copyFrom(`copy ${name} (${columns.join(', ')}) from stdin`));
      await pipeline(Readable.from(counting(untilEmpty(frames), (bytes) => onProgress(name, bytes))), stream);
      counted[name] = stream.rowCount;
    }
    const { rows, sequences } = await readJson<Trailer>(frames);
    if (JSON.stringify(counted) !== JSON.stringify(rows))
      throw new BackupError('not as many rows came as were written');
    await putLinksBack(client, tables, links);
    await writeSequences(client, sequences);
    await client.query('commit');
    await client.query('analyze');
  } finally {
    await client.end();
  }
  await bringUpToDate(connection, log);
}

/** Runs the migrations that the backup's version had, and no others. */
async function migrateTo(connection: Connection, names: readonly string[], log: MigrationLog): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kabinet-restore-'));
  try {
    for (const name of names) {
      if (!/^[0-9]{3}-[a-z0-9-]+$/.test(name)) throw new BackupError('the backup names a strange migration');
      await copyFile(join(migrationsFolder, `${name}.sql`), join(folder, `${name}.sql`)).catch(() => {
        throw new BackupError(`the backup is of a newer version: this one has no migration ${name}`);
      });
    }
    await migrate(connection, log, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Link {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/**
 * Empties the tables for loading. Removes foreign keys, which are faster to check all at once, and
 * disables the triggers that keep the audit log append-only.
 */
async function setLinksAside(client: pg.Client, tables: readonly Table[]): Promise<readonly Link[]> {
  const { rows: links } = await client.query<Link>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
     from pg_constraint where contype = 'f' and connamespace in ('cabinet'::regnamespace, 'fund'::regnamespace)`,
  );
  for (const { table, name } of links) await client.query(`alter table ${table} drop constraint ${name}`);
  for (const { name } of tables) await client.query(`alter table ${name} disable trigger user`);
  await client.query(`truncate ${tables.map(({ name }) => name).join(', ')}`);
  return links;
}

async function putLinksBack(
  client: pg.Client,
  tables: readonly Table[],
  links: readonly Link[],
): Promise<void> {
  for (const { name } of tables) await client.query(`alter table ${name} enable trigger user`);
  for (const { table, name, definition } of links)
    await client.query(`alter table ${table} add constraint ${name} ${definition}`);
}

async function connect(connection: Connection, name: string): Promise<pg.Client> {
  const client = new pg.Client({ ...connection, application_name: name, statement_timeout: 0 });
  // The current query fails with it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function listTables(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(
    `select format('%I.%I', n.nspname, c.relname) as name, array_agg(quote_ident(a.attname) order by a.attname collate "C") as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relkind = 'r' and (n.nspname in ('cabinet', 'fund') or (n.nspname, c.relname) = ('public', 'migration'))
     group by n.nspname, c.relname order by format('%I.%I', n.nspname, c.relname) collate "C"`,
  );
  return rows;
}

/**
 * The tables that a standby does not have: the unlogged ones, which a crash also empties. Empty on
 * a primary.
 */
async function findUnreadable(client: pg.Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where pg_is_in_recovery() and c.relkind = 'r' and c.relpersistence = 'u' and n.nspname in ('cabinet', 'fund')`,
  );
  return new Set(rows.map(({ name }) => name));
}

async function readSequences(client: pg.Client): Promise<readonly Sequence[]> {
  const { rows } = await client.query<Sequence & { sequence: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, a.attname as column,
       pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) as sequence
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and (n.nspname in ('cabinet', 'fund') or (n.nspname, c.relname) = ('public', 'migration'))
       and pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) is not null
     order by 1, 2`,
  );
  const found: Sequence[] = [];
  for (const { table, column, sequence } of rows) {
    const { rows: state } = await client.query(
      `select case when is_called then last_value::text end as value from ${sequence}`,
    );
    found.push({ table, column, value: state[0].value });
  }
  return found;
}

async function writeSequences(client: pg.Client, sequences: readonly Sequence[]): Promise<void> {
  for (const { table, column, value } of sequences) {
    if (value === null) continue;
    const margin = table === 'cabinet.outbox' ? outboxMargin : 0;
    await client.query('select setval(pg_get_serial_sequence($1, $2), $3::bigint)', [
      table,
      column,
      String(BigInt(value) + BigInt(margin)),
    ]);
  }
}

function frame(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const more of source) {
    held = held.length === 0 ? more : Buffer.concat([held, more]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE();
      yield held.subarray(4, end);
      held = held.subarray(end);
    }
  }
  if (held.length > 0) throw new BackupError('the backup ends in the middle of a row');
}

async function readJson<Value>(frames: AsyncGenerator<Buffer, void>): Promise<Value> {
  const next = await frames.next();
  if (next.done) throw new BackupError('the backup ends too early');
  return JSON.parse(next.value.toString()) as Value;
}

/** The frames of one table. The generator stays open for the next table. */
async function* untilEmpty(frames: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await frames.next();
    if (next.done) throw new BackupError('the backup ends too early');
    if (next.value.length === 0) return;
    yield next.value;
  }
}

async function* counting(
  source: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of source) {
    yield piece;
    bytes += piece.length;
    onBytes(bytes);
  }
}
