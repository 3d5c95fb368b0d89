import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** Milliseconds from the signal within which the process ends, even if something hangs. */
export const stopLimit = 19_000;

/**
 * Milliseconds from the signal within which current work must finish. The rest is then cancelled
 * and goes back to its queue.
 */
export const patience = 15_000;

/**
 * A terminal, npm and `timeout` each forward a signal. A second signal within this time is a copy
 * of the first. Milliseconds.
 */
const echo = 1_000;

/**
 * Ends the process gracefully, with exit code 0, at the first SIGTERM or SIGINT; at once at the
 * second.
 */
export function stopBySignal(stop: () => Promise<void>, warn: (message: string) => void): void {
  let since: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (since !== undefined) {
        if (performance.now() - since > echo) process.exit(128 + constants.signals[signal]);
        return;
      }
      since = performance.now();
      void endWith(stop, warn);
    });
  }
}

/** Runs `stop` for at most `stopLimit`, and ends the process. */
export async function endWith(stop: () => Promise<void>, warn: (message: string) => void): Promise<void> {
  setTimeout(() => {
    warn('Something did not end in time; the process ends without it');
    process.exit(0);
  }, stopLimit).unref();
  try {
    await stop();
    process.exit(0);
  } catch (error) {
    warn(`The end was not in order: ${(error as Error).name}`);
    process.exit(1);
  }
}

/**
 * Runs `reload` at each SIGHUP, one at a time. Ends the process instead when the SIGHUP means that
 * its terminal was closed.
 */
export function reloadByHangup(
  reload: () => Promise<void>,
  stop: () => Promise<void>,
  warn: (message: string) => void,
): void {
  const inTerminal = isatty(1);
  let reloading = Promise.resolve();
  process.on('SIGHUP', () => {
    if (inTerminal && !isatty(1)) void endWith(stop, warn);
    else reloading = reloading.then(reload);
  });
}
