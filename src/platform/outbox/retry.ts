/** Seconds before the next attempt; the last one is repeated. */
const backOff = [1, 5, 30, 120, 600, 1_800, 3_600];
/** With the back-off above, three days of hourly attempts. */
const maxRounds = 78;

/** For what may wait: tried for three days, ever less often. */
export function retryForThreeDays(round: number): number | undefined {
  return round >= maxRounds ? undefined : (backOff[Math.min(round, backOff.length) - 1] ?? 3_600);
}

/** For codes: tried again soon and often. They end by themselves when the code expires. */
export function retryOften(round: number): number {
  return [1, 2, 5][round - 1] ?? 10;
}
