import type { Command } from 'commander';
import { findDeadChanges, requeueChanges, showDelivery } from '../features/changes/delivery-store.ts';
import { nonEmpty, readCount } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet changes`: saved changes that did not reach the fund. */
export function changeCommands(program: Command): void {
  const changes = program
    .command('changes')
    .description(
      "saved changes that did not reach the fund's system, named by the numbers of their receipts",
    );

  changes
    .command('list')
    .description('print those that were given up, the newest first, with nothing of the people who made them')
    .option('--most <number>', 'how many', readCount, 100)
    .action(async ({ most }: { most: number }) => {
      await withDatabase(async ({ database }) => {
        const dead = await findDeadChanges(database, most);
        for (const { number, error, attempts, queuedAt, deadAt } of dead) {
          const times = `queued ${queuedAt.toISOString()}  given up ${deadAt.toISOString()}`;
          print(`${number}  ${error}  ${attempts} attempts  ${times}\n`);
        }
      });
    });

  changes
    .command('show <number>')
    .description(
      "print whose change it is, which fields and its fate; the look is noted in that person's history",
    )
    .requiredOption('--reason <text>', 'why it is looked at; the person sees it', nonEmpty)
    .action(async (number: string, { reason }: { reason: string }) => {
      await withDatabase(async ({ database }) => {
        const shown = await showDelivery(database, number, reason);
        if (!shown) throw new CommandFailure('there is no such change');
        print(`${JSON.stringify(shown, null, 2)}\n`);
      });
    });

  changes
    .command('requeue [numbers...]')
    .description(
      "send changes that were given up to the fund again, as far as they still stand; noted in their people's histories",
    )
    .option('--all', 'every one that was given up')
    .requiredOption('--reason <text>', 'why; the person sees it', nonEmpty)
    .action(async (numbers: string[], { all, reason }: { all?: true; reason: string }) => {
      if (numbers.length > 0 === (all === true)) throw new CommandFailure('name the changes, or say --all');
      await withDatabase(async ({ database }) => {
        const again = await requeueChanges(database, all ? undefined : numbers, reason);
        const left = all ? [] : numbers.filter((number) => !again.includes(number));
        if (left.length > 0)
          throw new CommandFailure(
            `${again.length} put back; not given up, or nothing of it stands any more: ${left.join(', ')}`,
          );
        print(`${again.length} put back\n`);
      });
    });
}
