import PQueue from 'p-queue';

/** Limits how many pieces of messages are sent each second. Pieces of codes go first. */
export interface Pacer {
  /**
   * Waits until the next piece may be sent.
   * @throws the reason of `signal` when it is aborted before that
   */
  next(urgent: boolean, signal: AbortSignal): Promise<void>;
  /**
   * Called when the gateway wants fewer messages. Everybody waits half a second, then 1, 2 and so
   * on up to 8 seconds.
   */
  slower(): void;
  /** Called when the gateway accepted something: the next pause is short again. */
  recovered(): void;
  close(): void;
}

/**
 * Sends pieces at even intervals. Unused capacity of the last second may be used at once. The
 * library's own `interval` goes by the wall clock: a clock that is set back by an hour would stop
 * it for an hour.
 */
export function createPacer(perSecond: number): Pacer {
  const line = new PQueue();
  const spaceMs = 1_000 / perSecond;
  /** When the next piece may be sent, given the earlier ones. */
  let dueAt = performance.now();
  let pausedUntil = 0;
  let pauses = 0;
  let timer: NodeJS.Timeout | undefined;

  const left = () => Math.max(dueAt, pausedUntil) - performance.now();

  function rest(): void {
    const ms = left();
    if (ms <= 0) return;
    line.pause();
    wait(ms);
  }

  function wait(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(resume, Math.ceil(ms));
  }

  /**
   * A timer may fire a moment early, and a gateway that is asked too early refuses for nothing. The
   * clock is read once: between two readings the moment may pass, and the line would stay paused.
   */
  function resume(): void {
    const ms = left();
    if (ms > 0) wait(ms);
    else line.start();
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
