import type { StreetSource } from './ports.ts';

/** Streets as a comfort: while their table cannot be asked, suggestions go on without them. */
export function createStreetLookup(streets: StreetSource, onError: (error: Error) => void): StreetSource {
  const without =
    <Value>(instead: Value) =>
    (error: Error): Value => {
      onError(error);
      return instead;
    };
  return {
    any: () => streets.any().catch(without(false)),
    find: (words, places) => streets.find(words, places).catch(without([])),
  };
}
