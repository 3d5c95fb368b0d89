import { createWaitingLine } from './waiting-line.ts';

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

/** A token bucket of one second's pieces, which fills evenly. */
export function createPacer(perSecond: number): Pacer {
  const line = createWaitingLine();
  let tokens = 1;
  let filledAt = performance.now();
  let pausedUntil = 0;
  let pauses = 0;
  let timer: NodeJS.Timeout | undefined;

  function serve(): void {
    clearTimeout(timer);
    const now = performance.now();
    tokens = Math.min(perSecond, tokens + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    while (now >= pausedUntil && tokens >= 1) {
      const next = line.shift();
      if (!next) return;
      tokens -= 1;
      next();
    }
    if (line.empty) return;
    const wait = Math.max(pausedUntil - now, ((1 - tokens) / perSecond) * 1_000, 1);
    timer = setTimeout(serve, wait);
  }

  return {
    next: (urgent, signal) => line.wait(urgent, signal, serve),
    slower() {
      const now = performance.now();
      if (now < pausedUntil) return;
      pausedUntil = now + 500 * 2 ** Math.min(pauses, 4);
      pauses += 1;
    },
    recovered() {
      pauses = 0;
    },
    close: () => clearTimeout(timer),
  };
}
