/** Waits for a place in one of two lines; the urgent line is served first. */
export interface WaitingLine {
  /**
   * Joins a line, and calls `serve` then: there may be nothing to wait for.
   * @throws the reason of `signal` when it is aborted before the place is served
   */
  wait(urgent: boolean, signal: AbortSignal, serve: () => void): Promise<void>;
  /**
   * Takes the next place out of the line, to be served by calling it; undefined when nobody waits.
   */
  shift(): (() => void) | undefined;
  /** The same of the urgent line only. */
  shiftUrgent(): (() => void) | undefined;
  readonly empty: boolean;
}

export function createWaitingLine(): WaitingLine {
  const urgentLine = new Set<() => void>();
  const others = new Set<() => void>();
  const take = (line: Set<() => void>): (() => void) | undefined => {
    const [next] = line;
    if (next) line.delete(next);
    return next;
  };
  return {
    shift: () => take(urgentLine) ?? take(others),
    shiftUrgent: () => take(urgentLine),
    get empty() {
      return urgentLine.size + others.size === 0;
    },
    wait: (urgent, signal, serve) =>
      new Promise((resolve, reject) => {
        const line = urgent ? urgentLine : others;
        const aborted = () => {
          line.delete(served);
          reject(signal.reason);
        };
        const served = () => {
          signal.removeEventListener('abort', aborted);
          resolve();
        };
        signal.addEventListener('abort', aborted, { once: true });
        line.add(served);
        serve();
      }),
  };
}
