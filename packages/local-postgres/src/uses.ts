/** One use of a server by this process. */
export interface Use {
  stop(): Promise<void>;
  /** For the last moment of the process, when nothing asynchronous runs any more. */
  stopAtExit(): void;
}

const uses = new Set<Use>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Has the use end with the process, also where nobody calls `stop`. */
export function endWithProcess(use: Use): void {
  if (uses.size === 0) {
    process.on('exit', onExit);
    // First in line, to see a `once` listener of the program before it is taken away.
    for (const signal of signals) process.prependListener(signal, onSignal);
  }
  uses.add(use);
}

/** The use has ended in the ordinary way. */
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
 * A program that listens to the signal closes in its own order; any other ends here as it would
 * without us.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  void Promise.allSettled([...uses].map((use) => use.stop())).then(() => process.kill(process.pid, signal));
}
