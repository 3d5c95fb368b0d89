import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { DatabaseAway } from '../outage.ts';
import type { Queryable, Transaction } from './database.ts';
import { asOutage, sqlStateOf } from './failure.ts';
import { type Sql, sql } from './sql.ts';

/** Sends a statement on one connection. @throws what `asOutage` makes of the error */
export type Ask = (statement: Sql) => Promise<pg.QueryResult>;

/** The name under which a statement is prepared; undefined for one that is not. */
export type StatementNames = (text: string) => string | undefined;

/**
 * A statement that comes so often is prepared. Each connection keeps its plan, which takes memory.
 */
const timesBeforePrepared = 3;
/** How many different statements are counted. Those of which nobody asks any more are forgotten. */
const mostCounted = 1_000;

/** Names the statements that come again. The same text has the same name in every process. */
export function createStatementNames(): StatementNames {
  const seen = new LRUCache<string, { times: number; name?: string }>({ max: mostCounted });
  return (text) => {
    const known = seen.get(text);
    if (!known) {
      seen.set(text, { times: 1 });
      return undefined;
    }
    known.times += 1;
    if (known.times <= timesBeforePrepared) return undefined;
    known.name ??= createHash('sha256').update(text).digest('base64url');
    return known.name;
  };
}

/** Nothing is prepared: every statement is parsed and planned anew. */
export const noNames: StatementNames = () => undefined;

/** Asks on one connection, whose statements of the same tick leave in one write. */
export function askOn(client: pg.PoolClient, names: StatementNames): Ask {
  return async ({ text, values }) => {
    gatherWrites(client);
    const name = names(text);
    try {
      return await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
    } catch (error) {
      throw asOutage(error);
    }
  };
}

/** A system call is expensive, and a statement alone is five messages. */
function gatherWrites(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Statements as the stores ask them. */
export function queryable(ask: Ask): Queryable {
  return {
    rows: async <Row extends object>(statement: Sql) => (await ask(statement)).rows as Row[],
    first: async <Row extends object>(statement: Sql) => (await ask(statement)).rows[0] as Row | undefined,
    run: async (statement) => (await ask(statement)).rowCount ?? 0,
  };
}

/**
 * Runs `work` between BEGIN and COMMIT. BEGIN leaves with the first statement; where there is no
 * statement, there is no transaction.
 */
export async function runTransaction<Value>(
  send: Ask,
  work: (transaction: Transaction) => Promise<Value>,
): Promise<Value> {
  let state: 'new' | 'open' | 'ended' = 'new';
  let firstFailure: unknown;
  const ask: Ask = (statement) =>
    send(statement).catch((error: unknown) => {
      firstFailure ??= error;
      throw error;
    });
  const inside: Ask = async (statement) => {
    if (state === 'ended') throw new Error('the transaction has ended');
    if (state === 'open') return ask(statement);
    state = 'open';
    const [, result] = await allDone(ask(sql`begin`), ask(statement));
    return result;
  };
  const transaction: Transaction = {
    ...queryable(inside),
    async last(statement) {
      const running = inside(statement);
      state = 'ended';
      const [result, end] = await allDone(running, ask(sql`commit`));
      confirm(end);
      return result.rowCount ?? 0;
    },
  };
  const isOpen = () => state === 'open';
  try {
    const value = await work(transaction);
    if (isOpen()) confirm(await ask(sql`commit`));
    return value;
  } catch (failure) {
    // Statements that were sent together fail one after the other; the first one says why.
    const error = isConsequence(failure) ? (firstFailure ?? failure) : failure;
    // On a line that is dead a rollback would only be waited for; the server does it by itself.
    const wasOpen = isOpen();
    // A statement that comes after ROLLBACK would be committed by itself.
    state = 'ended';
    if (error instanceof DatabaseAway || !wasOpen) throw error;
    await ask(sql`rollback`).catch((lost: Error) => {
      throw lost instanceof DatabaseAway ? lost : new DatabaseAway(sqlStateOf(lost));
    });
    throw error;
  }
}

/** in_failed_sql_transaction: a statement before it failed. */
function isConsequence(error: unknown): boolean {
  return error instanceof Error && sqlStateOf(error) === '25P02';
}

/** PostgreSQL answers COMMIT with ROLLBACK when a statement before it failed: nothing is stored. */
function confirm({ command }: pg.QueryResult): void {
  if (command !== 'COMMIT') throw new Error(`COMMIT was answered with ${command}`);
}

/**
 * Waits for both, so that nothing is under way afterwards, then throws what the first one threw.
 */
async function allDone<One, Two>(one: Promise<One>, two: Promise<Two>): Promise<[One, Two]> {
  await Promise.allSettled([one, two]);
  return [await one, await two];
}
