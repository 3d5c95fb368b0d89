/** What a run of `npm run chaos` found. */
export interface Outcome {
  /** The measurements, each with a name and a value. */
  readonly figures: readonly (readonly [name: string, value: string])[];
  /** The faults, one line each; empty when all is well. */
  readonly wrong: readonly string[];
}

/** Called with a progress report, one line at a time. */
export type Progress = (line: string) => void;

/** The value that the given share of all values does not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The median, the 99th percentile and the greatest value, in milliseconds or seconds. */
export function spread(values: readonly number[]): string {
  return [percentile(values, 0.5), percentile(values, 0.99), Math.max(0, ...values)]
    .map(duration)
    .join(' / ');
}

export function duration(milliseconds: number): string {
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
