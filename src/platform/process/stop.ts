import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** Within this a process has ended, whatever hangs. Milliseconds after the signal. */
export const stopLimit = 19_000;

/**
 * Within this what is in hand must be done; the rest is cut off and given back. Milliseconds after
 * the signal.
 */
export const patience = 15_000;

/**
 * A terminal, npm and `timeout` each pass a signal on: what follows so soon is the same one.
 * Milliseconds.
 */
const echo = 1_000;

/**
 * Ends the process gracefully at the first SIGTERM or SIGINT, with exit code 0; at once at the
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

/** Runs `stop`, at most for `stopLimit`, and ends the process. */
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
 * Runs `reload` at SIGHUP, one after another; ends the process where that came because its terminal
 * was closed.
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
