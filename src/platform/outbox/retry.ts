/** Seconds until the next attempt. The last value is repeated. */
const backOff = [1, 5, 30, 120, 600, 1_800, 3_600];
/** With the back-off above, hourly attempts for three days. */
const maxRounds = 78;

/** For messages that may wait: retried at growing intervals, for three days. */
export function retryForThreeDays(round: number): number | undefined {
  return round >= maxRounds ? undefined : (backOff[Math.min(round, backOff.length) - 1] ?? 3_600);
}

/** For codes: retried soon and often, in seconds. Attempts end when the code expires. */
export function retryOften(round: number): number {
  return [1, 2, 5][round - 1] ?? 10;
}
