import type { Command } from 'commander';
import { findDeadChanges, requeueChanges, showDelivery } from '../features/changes/delivery-store.ts';
import { nonEmpty, readCount } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { reconcileCommand } from './reconcile.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet changes`: saved changes that did not reach the fund, or that only the fund still has. */
export function changeCommands(program: Command): void {
  const changes = program
    .command('changes')
    .description(
      "saved changes on their way to the fund's system. A change is named by the number on its receipt",
    );

  changes
    .command('list')
    .description('print the changes that the service stopped sending, newest first, without personal data')
    .option('--most <number>', 'how many to print', readCount, 100)
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
      "print who made a change, its fields and what became of it. The person's history records that you looked",
    )
    .requiredOption('--reason <text>', 'why you look; the person can read it', nonEmpty)
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
      "send changes again that the service stopped sending, except what a later change has replaced. Recorded in each person's history",
    )
    .option('--all', 'all changes that the service stopped sending')
    .requiredOption('--reason <text>', 'why you do this; the person can read it', nonEmpty)
    .addHelpText('after', '\nExample:\n  $ kabinet changes requeue --all --reason "the fund was down"')
    .action(async (numbers: string[], { all, reason }: { all?: true; reason: string }) => {
      if (numbers.length > 0 === (all === true))
        throw new CommandFailure('give the numbers of changes, or --all');
      await withDatabase(async ({ database }) => {
        const again = await requeueChanges(database, all ? undefined : numbers, reason);
        const left = all ? [] : numbers.filter((number) => !again.includes(number));
        if (left.length > 0)
          throw new CommandFailure(
            `${again.length} put back; not given up, or replaced by later changes: ${left.join(', ')}`,
          );
        print(`${again.length} put back\n`);
      });
    });

  reconcileCommand(changes);
}
