/** One use of a server by this process. */
export interface Use {
  stop(): Promise<void>;
  /** For the end of the process, when nothing asynchronous runs any more. */
  stopAtExit(): void;
}

const uses = new Set<Use>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends the use with the process, even when nobody calls `stop`. */
export function endWithProcess(use: Use): void {
  if (uses.size === 0) {
    process.on('exit', onExit);
    // Run first, so that a `once` listener of the program is still counted.
    for (const signal of signals) process.prependListener(signal, onSignal);
  }
  uses.add(use);
}

/** Forgets a use that has ended normally. */
export function forget(use: Use): void {
  uses.delete(use);
  if (uses.size > 0) return;
  process.removeListener('exit', onExit);
  for (const signal of signals) process.removeListener(signal, onSignal);
}

function onExit(): void {
  for (const use of uses) use.stopAtExit();
}

/**
 * When the program also listens to the signal, it closes by itself. Otherwise the process ends
 * here, as it would without this package.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  void Promise.allSettled([...uses].map((use) => use.stop())).then(() => process.kill(process.pid, signal));
}
