import PQueue from 'p-queue';

/** Lets so many pieces of messages leave each second; those of codes go first. */
export interface Pacer {
  /**
   * Waits until the next piece may leave.
   * @throws the reason of `signal` when it is aborted before that
   */
  next(urgent: boolean, signal: AbortSignal): Promise<void>;
  /** The gateway wants fewer: everybody waits half a second, then one, two, … up to eight. */
  slower(): void;
  /** The gateway took something: the next pause is short again. */
  recovered(): void;
  close(): void;
}

/**
 * Pieces leave evenly; what was not used of the last second may leave at once. The library's own
 * `interval` goes by the wall clock: a clock that is put back by an hour stops it for an hour.
 */
export function createPacer(perSecond: number): Pacer {
  const line = new PQueue();
  const spaceMs = 1_000 / perSecond;
  /** When the next piece may leave, by what left before. */
  let dueAt = performance.now();
  let pausedUntil = 0;
  let pauses = 0;
  let timer: NodeJS.Timeout | undefined;

  function rest(): void {
    const ms = Math.max(dueAt, pausedUntil) - performance.now();
    if (ms <= 0) return;
    line.pause();
    clearTimeout(timer);
    timer = setTimeout(() => line.start(), ms);
  }

  function leave(): void {
    dueAt = Math.max(dueAt, performance.now() - 1_000 + spaceMs) + spaceMs;
    rest();
  }

  return {
    next: (urgent, signal) => line.add(async () => leave(), { priority: urgent ? 1 : 0, signal }),
    slower() {
      const now = performance.now();
      if (now < pausedUntil) return;
      pausedUntil = now + 500 * 2 ** Math.min(pauses, 4);
      pauses += 1;
      rest();
    },
    recovered() {
      pauses = 0;
    },
    close: () => clearTimeout(timer),
  };
}
