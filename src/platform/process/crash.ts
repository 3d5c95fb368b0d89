import { withoutValues } from '../loggable.ts';

/** Where the end of a process is logged. */
interface CrashLog {
  fatal(fields: object, message: string): void;
}

/**
 * Ends the process after an uncaught error and logs where it was thrown. Node itself would print
 * the error's message and fields, and PostgreSQL's errors contain values of a row.
 */
export function endAtCrash(log: CrashLog): void {
  process.on('uncaughtException', (error: unknown) => {
    const known = error instanceof Error ? withoutValues(error) : { error: typeof error };
    log.fatal(known, 'an uncaught error ends the process');
    process.exit(1);
  });
}
