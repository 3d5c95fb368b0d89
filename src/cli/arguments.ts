import { InvalidArgumentError } from 'commander';
import { CommandFailure } from './failure.ts';

/** Reads a whole number from 1, for an argument or an option. */
export function readCount(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new CommandFailure(`${text}: a number from 1 is needed`);
  return Number(text);
}

/** Reads a text that is not empty, for an option. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('it must not be empty');
  return text.trim();
}
