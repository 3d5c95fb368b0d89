import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The slowest test files, in order: those that drive a browser, then those that start, kill and
 * wait for processes. All others take seconds.
 */
const long = [
  /\/journeys\/(browser|accessibility)[^/]*\.test\.ts$/,
  /\/(chaos|processes)\/[^/]*\.test\.ts$|\/journeys\/(inject|eds|kazpost)\.test\.ts$/,
  /\/(cli|local-postgres\/test)\/[^/]*\.test\.ts$/,
  /\/(slow-bodies|inbox\.store|takeover|urls|messages|mutation|account-request\.store)\.test\.ts$/,
  /\/(eds-sign-in\.inject|kazpost-faults|guards-by-role|work|keyboard|outbox\.store)\.test\.ts$/,
];

/**
 * Starts the slowest files first, so that at the end no core is idle while the other still has
 * minutes of work.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const found = long.findIndex((files) => files.test(moduleId));
      return found === -1 ? long.length : found;
    };
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
