import type { Command } from 'commander';
import { countReachability } from '../features/reachability/count.ts';
import { markReturnedPost } from '../features/reachability/returned-post.ts';
import { readLines } from '../fund/embedded/people-file.ts';
import { checkReadTwice } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet contacts`: who can be reached, and whose letters came back. */
export function contactCommands(program: Command): void {
  const contacts = program.command('contacts').description('who can be reached, and whose letters came back');

  contacts
    .command('report')
    .description('print how many holders have a proved mobile or e-mail. Without personal data')
    .action(async () => {
      await withDatabase(async ({ database }) => {
        const { holders, ...counts } = await countReachability(database);
        print(`holders ${holders}\n`);
        for (const [name, count] of Object.entries(counts)) {
          const share = holders === 0 ? 0 : (100 * count) / holders;
          print(
            `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${count} (${share.toFixed(1)} %)\n`,
          );
        }
      });
    });

  contacts
    .command('returned <file>')
    .description(
      'mark the postal addresses to which letters of the fund came back. Each line is an IIN, and after a comma the day of the letter. If any line is wrong, nothing is marked. The people are asked at their next sign-in, and their history shows it',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet contacts returned returned.csv')
    .action(async (file: string) => {
      checkReadTwice(file);
      await withDatabase(async ({ database }) => {
        const outcome = await markReturnedPost(database, () => readLines(file));
        if (!outcome.ok) {
          const lines = outcome.problems.map(({ line, reason }) => `line ${line}: ${reason}`);
          throw new CommandFailure(`${lines.join('\n')}\nnothing was marked`);
        }
        print(`${outcome.read} read, ${outcome.marked} newly marked\n`);
      });
    });
}
