import type { Queryable } from '../../platform/postgres/database.ts';
import type { StreetLookup } from './street.ts';
import { anyStreets, findStreets } from './street-store.ts';

/** Milliseconds for which the answer to "is anything imported" is remembered. */
const remembered = 30_000;

/** Streets are optional: while their table cannot be queried, suggestions continue without them. */
export function createStreetLookup(
  database: Queryable,
  onError: (error: Error) => void,
  now: () => number = () => performance.now(),
): StreetLookup {
  let known: { readonly any: Promise<boolean>; readonly at: number } | undefined;

  function any(): Promise<boolean> {
    if (known === undefined || now() - known.at > remembered) {
      known = { any: anyStreets(database), at: now() };
      known.any.catch(() => {
        known = undefined;
      });
    }
    return known.any;
  }

  const without =
    <Value>(instead: Value) =>
    (error: Error): Value => {
      onError(error);
      return instead;
    };
  return {
    any: () => any().catch(without(false)),
    find: (words, places) => findStreets(database, words, places).catch(without([])),
  };
}
