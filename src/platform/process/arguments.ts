import { parseArgs } from 'node:util';

/** What the command line of the service asks for. */
export type CommandLine =
  | { readonly kind: 'run'; readonly workers: number | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** Beyond this number, workers only wait for each other on today's machines. */
const mostWorkers = 64;

export const help = `Usage: npm start -- [--workers N]

Starts the service. Settings are environment variables; "npx --no-install kabinet config" lists
them.

  --workers N  start N processes (1 to ${mostWorkers}) on one port; one that dies is started again
  --help       print this help

The first SIGTERM or SIGINT stops the service gracefully, a second one at once. With --workers,
SIGHUP replaces the processes one by one, without losing a request. SIGUSR2 raises the log to
"debug", and the next one sets it back to LOG_LEVEL.

Example:
  npm start -- --workers 4`;

/** Reads the arguments after `npm start --`. */
export function readArguments(given: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: { workers: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return { kind: 'help' };
    if (values.workers === undefined) return { kind: 'run', workers: undefined };
    const workers = /^[0-9]{1,3}$/.test(values.workers) ? Number(values.workers) : 0;
    if (workers >= 1 && workers <= mostWorkers) return { kind: 'run', workers };
    return {
      kind: 'wrong',
      message: `--workers must be a whole number from 1 to ${mostWorkers} (it is "${values.workers}")`,
    };
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message };
  }
}
