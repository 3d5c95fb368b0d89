import { createWaitingLine } from './waiting-line.ts';

/** Lets so many messages be handed over at the same time; codes go first. */
export interface HandoverQueue {
  /**
   * Runs `work` when there is room for it.
   * @throws the reason of `signal` when it is aborted before that
   */
  run<Value>(urgent: boolean, signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
}

/** @param reserved of `atOnce`, how many are kept free for codes */
export function createHandoverQueue({
  atOnce,
  reserved,
}: {
  readonly atOnce: number;
  readonly reserved: number;
}): HandoverQueue {
  const line = createWaitingLine();
  let running = 0;

  function serve(): void {
    const free = atOnce - running;
    const next = free > reserved ? line.shift() : free > 0 ? line.shiftUrgent() : undefined;
    if (!next) return;
    running += 1;
    next();
  }

  return {
    async run(urgent, signal, work) {
      await line.wait(urgent, signal, serve);
      try {
        return await work();
      } finally {
        running -= 1;
        serve();
      }
    },
  };
}
