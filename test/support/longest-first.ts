import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that drive a browser or wait for processes to end, and so take longest. */
const long = /\/(journeys\/(browser|accessibility|keyboard)[^/]*|processes\/(stop|workers))\.test\.ts$/;

/** Begins with the longest files, so that no core idles at the end while the other still drives the browser. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [
      ...sorted.filter(({ moduleId }) => long.test(moduleId)),
      ...sorted.filter(({ moduleId }) => !long.test(moduleId)),
    ];
  }
}
