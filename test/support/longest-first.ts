import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The longest first: what drives a browser, then what starts, kills and waits for processes;
 * everything else takes seconds.
 */
const long = [
  /\/journeys\/(browser|accessibility)[^/]*\.test\.ts$/,
  /\/(chaos|processes|cli|local-postgres\/test)\/[^/]*\.test\.ts$/,
  /\/(canary|degraded|eds|keyboard|maintenance|takeover|outbox\.store|entry\.store)\.test\.ts$/,
];

/**
 * Begins with the longest files, so that no core idles at the end while the other still has minutes
 * to go.
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
