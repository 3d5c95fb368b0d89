import { randomBytes } from 'node:crypto';
import type { LocalPostgres } from 'local-postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { attachBundledPostgres } from '../../src/bundled-postgres.ts';
import { type ConnectionFields, type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';

/** A migrated, empty database that nobody else uses. */
export interface FreshDatabase {
  readonly database: Database;
  readonly connection: ConnectionFields;
  drop(): Promise<void>;
}

const TEMPLATE = 'template_kabinet';
const silent = { info: () => undefined, warn: () => undefined };

let server: Promise<LocalPostgres> | undefined;

/**
 * Makes a database on the server of this run: the embedded PostgreSQL or the machine's, depending
 * on the test project.
 */
export async function freshDatabase(): Promise<FreshDatabase> {
  // The server keeps running for the next test file. It stops at the end of the run.
  server ??= attach();
  const { administration, connection } = await server;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(administration, (client) =>
    // By copying files: without fsync the checkpoints cost less than the log of every page.
    client.query(`create database ${name} template ${TEMPLATE} strategy file_copy owner ${connection.user}`),
  );
  const own = { ...connection, database: name };
  const database = openDatabase(own);
  return {
    database,
    connection: own,
    async drop() {
      await database.close();
      await withClient(administration, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** The server of this run, for what only its superuser may do. */
export function serverOfTests(): Promise<LocalPostgres> {
  server ??= attach();
  return server;
}

async function attach(): Promise<LocalPostgres> {
  const binaries = inject('postgres');
  const attached = await attachBundledPostgres({
    varDir: inject('postgresFolder'),
    log: silent,
    ...(binaries === undefined ? {} : { binaries }),
    // These databases need not survive a power cut.
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' },
  });
  await makeTemplate(attached);
  return attached;
}

/** The first worker migrates a template; the others wait for it. */
async function makeTemplate({ administration, connection }: LocalPostgres): Promise<void> {
  await withClient(administration, async (client) => {
    await client.query(`select pg_advisory_lock(hashtext('${TEMPLATE}'))`);
    const { rows } = await client.query('select from pg_database where datname = $1', [TEMPLATE]);
    if (rows.length > 0) return;
    const unfinished = `${TEMPLATE}_unfinished`;
    await client.query(`drop database if exists ${unfinished}`);
    await client.query(`create database ${unfinished} owner ${connection.user}`);
    await migrate({ ...connection, database: unfinished }, silent);
    await client.query(`alter database ${unfinished} rename to ${TEMPLATE}`);
  });
}

async function withClient<Value>(
  connection: ConnectionFields,
  work: (client: pg.Client) => Promise<Value>,
): Promise<Value> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
