import pg from 'pg';
import type { Sql } from './sql.ts';

/** Where statements run: the pool, or one transaction of it. */
export interface Queryable {
  /** All rows. */
  rows<Row extends object>(statement: Sql): Promise<Row[]>;
  /** The first row, or undefined. */
  first<Row extends object>(statement: Sql): Promise<Row | undefined>;
  /** How many rows the statement touched. */
  run(statement: Sql): Promise<number>;
}

/** A pool of connections to one PostgreSQL (15 or later). */
export interface Database extends Queryable {
  /** Commits when `work` resolves and rolls back when it throws; acknowledged only after COMMIT. */
  transaction<Value>(work: (transaction: Queryable) => Promise<Value>): Promise<Value>;
  /** Connections in use, idle, and requests waiting for one. */
  load(): { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

/** A connection string (`DATABASE_URL`) or the parts of one (the embedded server's socket). */
export type Connection = { readonly connectionString: string } | ConnectionParts;

export interface ConnectionParts {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

export interface DatabaseOptions {
  /** Most connections of this process. */
  readonly max?: number;
  /** A statement running longer is cancelled; milliseconds, 0 for no limit. */
  readonly statementTimeout?: number;
  /** Told of errors of idle connections (a restarted server); never of statements or values. */
  readonly onError?: (error: Error) => void;
}

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));
types.setTypeParser(pg.types.builtins.DATE, (text) => text);

/** Opens a pool. Unnamed statements only, so it works behind PgBouncer in transaction mode. */
export function openDatabase(connection: Connection, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    ...connection,
    types,
    max: options.max ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeout ?? 2_500,
    idle_in_transaction_session_timeout: 5_000,
    application_name: 'kabinet',
  });
  pool.on('error', (error) => options.onError?.(error));
  return {
    ...queryable(pool),
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      // Between two statements nobody else listens, and an error that nobody hears ends the process.
      const onBroken = (error: Error) => {
        broken = error;
      };
      client.on('error', onBroken);
      try {
        await client.query('begin');
        const value = await work(queryable(client));
        await client.query('commit');
        return value;
      } catch (error) {
        await client.query('rollback').catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      } finally {
        client.off('error', onBroken);
        client.release(broken);
      }
    },
    load: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

function queryable(client: pg.Pool | pg.PoolClient): Queryable {
  return {
    async rows<Row extends object>({ text, values }: Sql) {
      return (await client.query(text, [...values])).rows as Row[];
    },
    async first<Row extends object>({ text, values }: Sql) {
      return (await client.query(text, [...values])).rows[0] as Row | undefined;
    },
    async run({ text, values }) {
      return (await client.query(text, [...values])).rowCount ?? 0;
    },
  };
}
