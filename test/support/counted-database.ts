import type { Database } from '../../src/platform/postgres/database.ts';
import { watchDatabase } from './watched-database.ts';

/** A database that counts its statements, including begin and commit. */
export interface CountedDatabase extends Database {
  /** How many statements ran since the last call. */
  take(): number;
}

/** Counts the statements that go through `database`. */
export function countStatements(database: Database): CountedDatabase {
  let count = 0;
  const counted = watchDatabase(database, (_statement, run) => {
    count += 1;
    return run();
  });
  return {
    ...counted,
    transaction(work, options) {
      count += 2;
      return counted.transaction(work, options);
    },
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
  };
}
