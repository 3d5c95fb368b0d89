/** What a run of `npm run chaos` found. */
export interface Outcome {
  /** What was measured, a name and a value each. */
  readonly figures: readonly (readonly [name: string, value: string])[];
  /** What must not be, one line each; none when all is well. */
  readonly wrong: readonly string[];
}

/** Told what is going on, one line at a time. */
export type Progress = (line: string) => void;

/** The value that `share` of all values do not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Median, 99th percentile and longest, in milliseconds or, where they are long, seconds. */
export function spread(values: readonly number[]): string {
  return [percentile(values, 0.5), percentile(values, 0.99), Math.max(0, ...values)]
    .map(duration)
    .join(' / ');
}

export function duration(milliseconds: number): string {
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
