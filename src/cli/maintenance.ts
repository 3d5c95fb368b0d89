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
      'planned windows: told on every page beforehand; during one all can be read and nothing changed',
    );

  maintenance
    .command('schedule')
    .description('plan a window; 48 hours ahead or more, at night, two hours at most is what people expect')
    .requiredOption('--from <time>', 'its beginning with the offset, e.g. 2026-12-05T01:00+05:00, or now')
    .requiredOption('--to <time>', 'its end')
    .option('--message-kk <text>', 'what is told beside the times, in Kazakh; without it the usual sentence')
    .option('--message-ru <text>', 'the same in Russian')
    .option('--message-en <text>', 'the same in English')
    .action(async ({ from, to, messageKk, messageRu, messageEn }: Schedule) => {
      await withDatabase(async ({ database }) => {
        const messages = { kk: messageKk, ru: messageRu, en: messageEn };
        const planned = await scheduleWindow(database, { from, to, messages });
        if (!planned.ok) throw new CommandFailure(windowReasons[planned.reason]);
        print(`window ${planned.value.id} is planned; every node tells of it within 5 seconds\n`);
        if (planned.value.shortNotice) process.stderr.write('people learn of it less than 48 hours before\n');
        const given = Object.values(messages).filter((message) => message !== undefined).length;
        if (given > 0 && given < 3)
          process.stderr.write('the languages without a message get the usual sentence\n');
      });
    });

  maintenance
    .command('list')
    .description('print every window, the newest first; times of Astana')
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
    .description('end an open window at once, or take a planned one back')
    .action(async (text: string) => {
      if (!/^[1-9][0-9]{0,8}$/.test(text))
        throw new CommandFailure(`${text}: the number of a window is needed`);
      await withDatabase(async ({ database }) => {
        if (!(await endWindow(database, Number(text))))
          throw new CommandFailure('no open or planned window has this number');
        print(`window ${text} has ended; every node takes changes within 5 seconds\n`);
      });
    });
}

/** Writes e.g. `2026-12-05T01:00+05:00`. */
function inAstana(moment: Date): string {
  return `${new Date(moment.getTime() + 5 * 3_600_000).toISOString().slice(0, 16)}+05:00`;
}
