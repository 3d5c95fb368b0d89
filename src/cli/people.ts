import type { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { unfreeze } from '../features/disavowal/unfreeze.ts';
import { endSessionsOf, showPerson } from '../features/operations/operator.ts';
import { resetSecondStep } from '../features/second-step/reset.ts';
import { ImportInterfered, type ImportProgress } from '../fund/embedded/import-people.ts';
import { importFile } from '../start.ts';
import { checkReadTwice, nonEmpty, readIin } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet people`: people of the embedded fund, and what an operator may do for a person. */
export function peopleCommands(program: Command): void {
  const people = program
    .command('people')
    .description('import people into the embedded fund, and help one person');
  importCommand(people);
  personCommands(people);
}

function importCommand(people: Command): void {
  people
    .command('import <file>')
    .description(
      'load people from JSON lines (format: data/README.md). If any line is wrong, nothing is loaded. A line that is the same as in the last import changes nothing. After an interruption, run it again: it goes on where it stopped',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet people import people.jsonl')
    .action(async (file: string) => {
      checkReadTwice(file);
      if (readConfig(process.env).fund.http)
        throw new CommandFailure('FUND_URL is set, so people come from the fund and not from a file');
      await withDatabase(async ({ config, connection }) => {
        const outcome = await importFile(config, connection, file, progressLine()).catch((error: Error) => {
          throw error instanceof ImportInterfered
            ? new CommandFailure(`${error.message}. Run it again when that has ended`)
            : error;
        });
        if (!outcome.ok) {
          throw new CommandFailure(
            `${outcome.problems.map(({ line, reason, detail }) => `line ${line}: ${reason}${detail === undefined ? '' : ` (${detail})`}`).join('\n')}\nnothing was loaded`,
          );
        }
        const { read, added, changed, unchanged, resumedAfter } = outcome;
        if (resumedAfter !== undefined) print(`went on after line ${resumedAfter}\n`);
        print(`${read} read, ${added} added, ${changed} changed, ${unchanged} unchanged\n`);
      });
    });
}

function personCommands(people: Command): void {
  people
    .command('show <iin>')
    .description('print what is known about a person. Their history records that you looked, and why')
    .requiredOption('--reason <text>', 'why you look; the person can read it', nonEmpty)
    .addHelpText('after', '\nExample:\n  $ kabinet people show 900101300007 --reason "call 4711"')
    .action(async (iin: string, { reason }: { reason: string }) => {
      await withDatabase(async ({ database }) => {
        const shown = await showPerson(database, readIin(iin), reason);
        if (!shown) throw new CommandFailure('no person with this IIN is on file');
        print(`${JSON.stringify(shown, null, 2)}\n`);
      });
    });

  people
    .command('end-sessions <iin>')
    .description('end all sessions of a person. Recorded in their history, with the reason')
    .requiredOption('--reason <text>', 'why they end; the person can read it', nonEmpty)
    .action(async (iin: string, { reason }: { reason: string }) => {
      await withDatabase(async ({ database }) => {
        const ended = await endSessionsOf(database, readIin(iin), reason);
        if (ended === undefined) throw new CommandFailure('no person with this IIN has a cabinet');
        print(`${ended} sessions ended\n`);
      });
    });

  people
    .command('unfreeze <iin>')
    .description(
      'lift the block after "this wasn\'t me", or the lock that the person set. Recorded in their history, with the reason',
    )
    .requiredOption('--reason <text>', 'why you do this; the person can read it', nonEmpty)
    .action(async (iin: string, { reason }: { reason: string }) => {
      await withDatabase(async ({ database }) => {
        if (!(await unfreeze(database, readIin(iin), reason)))
          throw new CommandFailure('nothing is stopped for this IIN');
        print('recovery and contact changes are allowed again\n');
      });
    });

  people
    .command('reset-second-step <iin>')
    .description(
      'remove every second step of a person who has lost them all: the app, passkeys, backup codes and codes by SMS. Their sessions end. Recorded in their history, with the reason',
    )
    .requiredOption('--reason <text>', 'why you do this; the person can read it', nonEmpty)
    .action(async (iin: string, { reason }: { reason: string }) => {
      await withDatabase(async ({ database }) => {
        if (!(await resetSecondStep(database, readIin(iin), reason)))
          throw new CommandFailure('the person with this IIN has no second step');
        print('every second step is removed and all sessions have ended\n');
      });
    });
}

/**
 * Shows progress: one line that is rewritten on a terminal, or a line for every 100,000 people in a
 * log.
 */
function progressLine(): (done: ImportProgress) => void {
  const begun: Partial<Record<ImportProgress['phase'], { readonly at: number; readonly lines: number }>> = {};
  return ({ phase, lines, of }) => {
    begun[phase] ??= { at: performance.now(), lines };
    const { at, lines: first } = begun[phase];
    const rate = lines > first ? (1_000 * (lines - first)) / (performance.now() - at) : undefined;
    const left = rate === undefined || of === undefined ? '' : `, ${minutes((of - lines) / rate)} left`;
    const count = of === undefined ? `${number(lines)} lines` : `${number(lines)} of ${number(of)} lines`;
    const line = `${phase} ${count}${rate === undefined ? '' : `, ${number(Math.round(rate))} a second`}${left}`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(72)}\r`);
    else if (lines % 100_000 === 0) process.stderr.write(`${line}\n`);
  };
}

const number = (value: number) => value.toLocaleString('en');
const minutes = (seconds: number) =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
