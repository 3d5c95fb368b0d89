import type { Database, Queryable } from '../../src/platform/postgres/database.ts';

/** A database that counts its statements, including begin and commit. */
export interface CountedDatabase extends Database {
  /** How many statements ran since the last call. */
  take(): number;
}

/** Counts the statements that go through `database`. */
export function countStatements(database: Database): CountedDatabase {
  let count = 0;
  const counted = (inner: Queryable): Queryable => ({
    rows(statement) {
      count += 1;
      return inner.rows(statement);
    },
    first(statement) {
      count += 1;
      return inner.first(statement);
    },
    run(statement) {
      count += 1;
      return inner.run(statement);
    },
  });
  return {
    ...counted(database),
    batch: (work) => database.batch((connection) => work(counted(connection))),
    transaction(work, options) {
      count += 2;
      return database.transaction(
        (transaction) =>
          work({
            ...counted(transaction),
            last(statement) {
              count += 1;
              return transaction.last(statement);
            },
          }),
        options,
      );
    },
    breaker: database.breaker,
    load: () => database.load(),
    close: () => database.close(),
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
  };
}
