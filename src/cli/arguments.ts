import { existsSync, statSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { type Iin, parseIin } from '../values/iin.ts';
import { isIsoDay } from '../values/time-zone.ts';
import { CommandFailure } from './failure.ts';

/** Reads a whole number from 1, for an argument or an option. */
export function readCount(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new CommandFailure(`${text}: a number from 1 is needed`);
  return Number(text);
}

/** Reads an IIN, for an argument or an option. */
export function readIin(text: string): Iin {
  const parsed = parseIin(text);
  if (!parsed.ok) throw new CommandFailure('this is not an IIN: check the 12 digits');
  return parsed.value;
}

/** Reads a day such as `2026-11-29`, for an option. */
export function readDay(text: string): string {
  if (!isIsoDay(text)) throw new CommandFailure(`${text}: not a day such as 2026-11-29`);
  return text;
}

/** Refuses what is no file, for an argument whose lines are read twice. */
export function checkReadTwice(file: string): void {
  if (!existsSync(file)) throw new CommandFailure(`${file}: no such file`);
  if (!statSync(file).isFile())
    throw new CommandFailure(`${file}: not a file. It is read twice, so a pipe will not do`);
}

/** Reads a text that is not empty, for an option. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('it must not be empty');
  return text.trim();
}
