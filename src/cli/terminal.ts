import { type Logger, pino } from 'pino';

/** Warnings of what a command starts, on stderr. */
export function commandLog(): Logger {
  return pino({ level: 'warn', base: null }, pino.destination({ dest: 2, sync: true }));
}
