import type { Command } from 'commander';
import { scheduleWindow, windowReasons } from '../features/operations/maintenance.ts';
import { endWindow, listWindows } from '../features/operations/maintenance-store.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

interface Schedule {
  readonly from: string;
  readonly to: string;
  readonly messageKk?: string;
  readonly messageRu?: string;
  readonly messageEn?: string;
}

/** `kabinet maintenance`: planned maintenance windows. */
export function maintenanceCommands(program: Command): void {
  const maintenance = program
    .command('maintenance')
    .description(
      'planned maintenance windows. Every page announces a window; during it, everything can be read and nothing changed',
    );

  maintenance
    .command('schedule')
    .description(
      'plan a window. People expect it at night, two hours long at most, and announced at least 48 hours before',
    )
    .requiredOption('--from <time>', 'when it begins, with the UTC offset: 2026-12-05T01:00+05:00, or now')
    .requiredOption('--to <time>', 'when it ends, in the same form')
    .option(
      '--message-kk <text>',
      'a message in Kazakh to show with the times; without it, a standard sentence is shown',
    )
    .option('--message-ru <text>', 'the same in Russian')
    .option('--message-en <text>', 'the same in English')
    .addHelpText(
      'after',
      '\nExample:\n  $ kabinet maintenance schedule --from 2026-12-05T01:00+05:00 --to 2026-12-05T03:00+05:00',
    )
    .action(async ({ from, to, messageKk, messageRu, messageEn }: Schedule) => {
      await withDatabase(async ({ database }) => {
        const messages = { kk: messageKk, ru: messageRu, en: messageEn };
        const planned = await scheduleWindow(database, { from, to, messages });
        if (!planned.ok) throw new CommandFailure(windowReasons[planned.reason]);
        print(`window ${planned.value.id} is planned; every node announces it within 5 seconds\n`);
        if (planned.value.shortNotice)
          process.stderr.write('warning: people learn of it less than 48 hours before\n');
        const given = Object.values(messages).filter((message) => message !== undefined).length;
        if (given > 0 && given < 3)
          process.stderr.write('languages without a message show the standard sentence\n');
      });
    });

  maintenance
    .command('list')
    .description('print all windows, newest first, in the time of Astana')
    .action(async () => {
      await withDatabase(async ({ database }) => {
        for (const { id, from, until, state, messages } of await listWindows(database)) {
          print(`${id}  ${inAstana(from)}  ${inAstana(until)}  ${state}\n`);
          for (const [language, message] of Object.entries(messages)) {
            if (message !== null) print(`    ${language}: ${message}\n`);
          }
        }
      });
    });

  maintenance
    .command('end <id>')
    .description('end an open window now, or cancel a planned one. "list" shows the ids')
    .action(async (text: string) => {
      if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new CommandFailure(`${text}: not the number of a window`);
      await withDatabase(async ({ database }) => {
        if (!(await endWindow(database, Number(text))))
          throw new CommandFailure('no open or planned window has this number');
        print(`window ${text} has ended; every node accepts changes again within 5 seconds\n`);
      });
    });
}

/** Writes e.g. `2026-12-05T01:00+05:00`. */
function inAstana(moment: Date): string {
  return `${new Date(moment.getTime() + 5 * 3_600_000).toISOString().slice(0, 16)}+05:00`;
}
