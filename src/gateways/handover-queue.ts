import PQueue from 'p-queue';

/** Limits how many messages are handed over at the same time. Codes go first. */
export interface HandoverQueue {
  /**
   * Runs `work` when a place is free.
   * @throws the reason of `signal` when it is aborted before `work` has ended. The place is then
   * free again
   */
  run<Value>(urgent: boolean, signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
}

/** @param reserved how many places of `atOnce` are kept free for codes */
export function createHandoverQueue({
  atOnce,
  reserved,
}: {
  readonly atOnce: number;
  readonly reserved: number;
}): HandoverQueue {
  const all = new PQueue({ concurrency: atOnce });
  // Notices wait here while only the reserved places are free.
  const notices = new PQueue();
  const admit = () => (all.pending < atOnce - reserved ? notices.start() : notices.pause());
  all.on('active', admit).on('next', admit);
  return {
    run: (urgent, signal, work) =>
      urgent ? all.add(work, { signal }) : notices.add(() => all.add(work, { signal }), { signal }),
  };
}
