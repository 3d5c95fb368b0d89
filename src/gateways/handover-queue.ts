import PQueue from 'p-queue';

/** Lets so many messages be handed over at the same time; codes go first. */
export interface HandoverQueue {
  /**
   * Runs `work` when there is room for it.
   * @throws the reason of `signal` when it is aborted before `work` has ended. The place is free
   *   again from then on
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
  const all = new PQueue({ concurrency: atOnce });
  // Holds the notices back while no more than the reserved places are free.
  const notices = new PQueue();
  const admit = () => (all.pending < atOnce - reserved ? notices.start() : notices.pause());
  all.on('active', admit).on('next', admit);
  return {
    run: (urgent, signal, work) =>
      urgent ? all.add(work, { signal }) : notices.add(() => all.add(work, { signal }), { signal }),
  };
}
