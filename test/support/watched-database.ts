import type { Database, Queryable } from '../../src/platform/postgres/database.ts';
import type { Sql } from '../../src/platform/postgres/sql.ts';

/**
 * Runs one statement by `run` and gives its outcome.
 * @param on where the statement goes, for another one beside it
 */
export type Watch = <Outcome>(statement: Sql, run: () => Promise<Outcome>, on: Queryable) => Promise<Outcome>;

/** Statements that go through `watch`. */
export function watchStatements(inner: Queryable, watch: Watch): Queryable {
  return {
    rows: <Row extends object>(statement: Sql) => watch(statement, () => inner.rows<Row>(statement), inner),
    first: <Row extends object>(statement: Sql) => watch(statement, () => inner.first<Row>(statement), inner),
    run: (statement) => watch(statement, () => inner.run(statement), inner),
  };
}

/**
 * A database whose statements go through `watch`, also those of a batch and of a transaction. BEGIN
 * and COMMIT do not.
 */
export function watchDatabase(database: Database, watch: Watch): Database {
  return {
    ...database,
    ...watchStatements(database, watch),
    batch: (work) => database.batch((connection) => work(watchStatements(connection, watch))),
    transaction: (work, options) =>
      database.transaction(
        (transaction) =>
          work({
            ...watchStatements(transaction, watch),
            last: (statement) => watch(statement, () => transaction.last(statement), transaction),
          }),
        options,
      ),
  };
}
