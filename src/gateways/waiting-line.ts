/** Two queues for places; the urgent queue is served first. */
export interface WaitingLine {
  /**
   * Joins a queue, then calls `serve`, since a place may already be free.
   * @throws the reason of `signal` when it is aborted before a place is given
   */
  wait(urgent: boolean, signal: AbortSignal, serve: () => void): Promise<void>;
  /**
   * Removes the next waiter; calling the result gives it the place. Undefined when nobody waits.
   */
  shift(): (() => void) | undefined;
  /** The same, for the urgent queue only. */
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
