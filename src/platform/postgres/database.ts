import pg from 'pg';
import {
  type CircuitBreakerView,
  CircuitOpen,
  createCircuitBreaker,
  defaultCircuitBreaker,
} from '../circuit-breaker.ts';
import { DatabaseAway, Overloaded } from '../outage.ts';
import { type Sql, sql } from './sql.ts';

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
  /**
   * Commits when `work` resolves and rolls back when it throws; acknowledged only after COMMIT.
   * After a deadlock or a failed serialisation, which undo everything, `work` runs once more, so it
   * must do nothing outside of the database; `retry: false` for one that does.
   */
  transaction<Value>(
    work: (transaction: Queryable) => Promise<Value>,
    options?: { readonly retry?: boolean },
  ): Promise<Value>;
  /** Connections in use, idle, and requests waiting for one. */
  load(): { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Whether connecting rests because it fails. */
  readonly breaker: CircuitBreakerView;
  close(): Promise<void>;
}

/** A connection string (`DATABASE_URL`) or the parts of one (the embedded server's socket). */
export type Connection = { readonly connectionString: string } | ConnectionFields;

export interface ConnectionFields {
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
  /** For a new connection, or one to come free; milliseconds. */
  readonly connectTimeout?: number;
  /** Called with errors of idle connections (a restarted server); never of statements or values. */
  readonly onError?: (error: Error) => void;
}

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));
types.setTypeParser(pg.types.builtins.DATE, (text) => text);

/**
 * Connecting fails three times in a row: for half a second nobody tries, then one does. Shorter
 * than for other services, since nothing works without this one and a restart takes no longer.
 */
const circuit = { ...defaultCircuitBreaker, failures: 3, rest: 500 };

/**
 * Opens a pool. Unnamed statements only, so it works behind PgBouncer in transaction mode. Throws
 * `DatabaseAway` when the server cannot be reached or written to, and `Overloaded` when no
 * connection comes free or a statement takes too long.
 */
export function openDatabase(connection: Connection, options: DatabaseOptions = {}): Database {
  const statementTimeout = options.statementTimeout ?? 2_500;
  const connectTimeout = options.connectTimeout ?? 2_500;
  const pool = new pg.Pool({
    ...connection,
    types,
    max: options.max ?? 10,
    connectionTimeoutMillis: connectTimeout,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeout,
    // The server's own limit says nothing where no answer comes through.
    ...(statementTimeout === 0 ? {} : { query_timeout: statementTimeout + connectTimeout }),
    keepAlive: true,
    idle_in_transaction_session_timeout: 5_000,
    application_name: 'kabinet',
  });
  pool.on('error', (error) => options.onError?.(error));
  // The pool listens only to those that are idle, and an error that nobody hears ends the process.
  // The statement under way or the next one fails by itself, and the pool takes no dead connection
  // back.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const breaker = createCircuitBreaker('database', circuit);

  /** A connection that no one else has. */
  async function take(): Promise<pg.PoolClient> {
    try {
      const client = await breaker.run(() => pool.connect().catch(unlessExhausted));
      if (client) return client;
    } catch (error) {
      throw error instanceof CircuitOpen ? new DatabaseAway('CIRCUIT_OPEN') : asOutage(error);
    }
    throw new Overloaded('no connection came free');
  }

  async function borrow<Value>(work: (client: pg.PoolClient) => Promise<Value>): Promise<Value> {
    const client = await take();
    let broken: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (error instanceof DatabaseAway) broken = error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  return {
    rows: (statement) => borrow((client) => queryable(client).rows(statement)),
    first: (statement) => borrow((client) => queryable(client).first(statement)),
    run: (statement) => borrow((client) => queryable(client).run(statement)),
    transaction: (work, { retry = true } = {}) =>
      borrow(async (client) => {
        const transaction = queryable(client);
        const once = async () => {
          try {
            await transaction.run(sql`begin`);
            const value = await work(transaction);
            await transaction.run(sql`commit`);
            return value;
          } catch (error) {
            // On a line that is dead a rollback would only be waited for; the server does it by
            // itself.
            if (error instanceof DatabaseAway) throw error;
            await client.query('rollback').catch((failure: Error) => {
              throw new DatabaseAway(codeOf(failure));
            });
            throw error;
          }
        };
        return once().catch((error: unknown) => (retry && isUndone(error) ? once() : Promise.reject(error)));
      }),
    breaker,
    load: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

/**
 * Class 08: the connection; 57P01 to 57P03: the server goes or comes; 25006: it only reads; 53100,
 * 53300: full; the rest: the network.
 */
const awayCode =
  /^(?:08...|57P0[1-3]|25006|53100|53300|E(?:CONNREFUSED|CONNRESET|PIPE|NOENT|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND))$/;
/** Errors of the driver have no code. */
const awayMessage =
  /^(?:Connection terminated|Client has encountered|Client was closed|Query read timeout|timeout expired)/;
/** query_canceled: the statement took longer than it may. */
const tooLong = '57014';

/**
 * deadlock_detected and serialization_failure: the server has undone all, and the next try may go
 * well.
 */
function isUndone(error: unknown): boolean {
  return error instanceof Error && /^(?:40P01|40001)$/.test(codeOf(error) ?? '');
}

/** What the error means for those who wait: the outage that it is, or itself. */
function asOutage(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  if (code === tooLong) return new Overloaded('a statement took too long', { cause: error });
  return (code !== undefined && awayCode.test(code)) || awayMessage.test(error.message)
    ? new DatabaseAway(code, { cause: error })
    : error;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** All connections are in use: that says nothing of the server. */
function unlessExhausted(error: Error): undefined {
  if (error.message !== 'timeout exceeded when trying to connect') throw error;
}

/**
 * Only what a statement throws counts as an outage: a file that is missing has the codes of the
 * network, too.
 */
function queryable(client: pg.PoolClient): Queryable {
  const ask = async ({ text, values }: Sql): Promise<pg.QueryResult> => {
    try {
      return await client.query(text, [...values]);
    } catch (error) {
      throw asOutage(error);
    }
  };
  return {
    rows: async <Row extends object>(statement: Sql) => (await ask(statement)).rows as Row[],
    first: async <Row extends object>(statement: Sql) => (await ask(statement)).rows[0] as Row | undefined,
    run: async (statement) => (await ask(statement)).rowCount ?? 0,
  };
}
