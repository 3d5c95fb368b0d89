import pg from 'pg';
import {
  type CircuitBreakerView,
  CircuitOpen,
  createCircuitBreaker,
  defaultCircuitBreaker,
} from '../circuit-breaker.ts';
import { DatabaseAway, Overloaded } from '../outage.ts';
import type { Tracing } from '../tracing.ts';
import { type Ask, askOn, createStatementNames, noNames, queryable, runTransaction } from './conversation.ts';
import { asOutage, isUndone } from './failure.ts';
import type { Sql } from './sql.ts';
import { tracedAsk } from './traced-ask.ts';

/** Where statements run: the pool, or one transaction of it. */
export interface Queryable {
  /** All rows. */
  rows<Row extends object>(statement: Sql): Promise<Row[]>;
  /** The first row, or undefined. */
  first<Row extends object>(statement: Sql): Promise<Row | undefined>;
  /** How many rows the statement touched. */
  run(statement: Sql): Promise<number>;
}

/** One transaction. */
export interface Transaction extends Queryable {
  /**
   * Runs the last statement together with COMMIT, in one round trip, and ends the transaction. An
   * error of the statement rolls everything back.
   *
   * @returns how many rows the statement touched; only after COMMIT
   */
  last(statement: Sql): Promise<number>;
}

/** A pool of connections to one PostgreSQL (15 or later). */
export interface Database extends Queryable {
  /**
   * Runs statements on one connection, outside a transaction. Those that `work` starts without
   * awaiting in between travel together and cost one round trip. Each sees what was committed
   * before it began. Start them in one `Promise.all`: a failure of a second one that nobody awaits
   * would end the process.
   */
  batch<Value>(work: (connection: Queryable) => Promise<Value>): Promise<Value>;
  /**
   * Commits when `work` resolves and rolls back when it throws; acknowledged only after COMMIT.
   * After a deadlock or a failed serialisation, which undo everything, `work` runs once more, so it
   * must do nothing outside of the database; `retry: false` for one that does.
   */
  transaction<Value>(
    work: (transaction: Transaction) => Promise<Value>,
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
  /**
   * Prepares statements that come often, by name. Only for PostgreSQL itself, or a pooler that
   * keeps prepared statements (PgBouncer from 1.21 with `max_prepared_statements`).
   */
  readonly prepared?: boolean;
  /** For a new connection, or one to come free; milliseconds. */
  readonly connectTimeout?: number;
  /** Called with errors of idle connections (a restarted server); never of statements or values. */
  readonly onError?: (error: Error) => void;
  /** Notes the statements of what is traced. */
  readonly tracing?: Tracing | undefined;
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
 * Opens a pool. Without `prepared` it works behind PgBouncer in transaction mode. Throws
 * `DatabaseAway` when the server cannot be reached or written to, and `Overloaded` when no
 * connection comes free or a statement takes too long.
 */
export function openDatabase(connection: Connection, options: DatabaseOptions = {}): Database {
  const statementTimeout = options.statementTimeout ?? 2_500;
  const connectTimeout = options.connectTimeout ?? 2_500;
  const names = options.prepared ? createStatementNames() : noNames;
  const pool = new pg.Pool({
    ...connection,
    types,
    // Statements that are started together are sent together.
    pipeline: true,
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

  const { tracing } = options;
  const askBy = (client: pg.PoolClient): Ask =>
    tracing ? tracedAsk(tracing, askOn(client, names)) : askOn(client, names);

  async function borrow<Value>(work: (ask: Ask) => Promise<Value>): Promise<Value> {
    const client = await take();
    let broken: Error | undefined;
    try {
      return await work(askBy(client));
    } catch (error) {
      if (error instanceof DatabaseAway) broken = error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  return {
    ...queryable((statement) => borrow((ask) => ask(statement))),
    batch: (work) => borrow((ask) => work(queryable(ask))),
    transaction: (work, { retry = true } = {}) =>
      borrow((ask) =>
        runTransaction(ask, work).catch((error: unknown) =>
          retry && isUndone(error) ? runTransaction(ask, work) : Promise.reject(error),
        ),
      ),
    breaker,
    load: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

/** All connections are in use: that says nothing of the server. */
function unlessExhausted(error: Error): undefined {
  if (error.message !== 'timeout exceeded when trying to connect') throw error;
}
