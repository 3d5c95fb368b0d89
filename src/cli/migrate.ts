import type { Command } from 'commander';
import { bringUpToDate } from '../platform/postgres/schema-release.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { commandLog, withDatabase } from './terminal.ts';

/** `kabinet migrate`: the only command that changes tables. */
export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description(
      'run the migrations that this release needs. The service can keep running. Connect as the owner of the tables',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet migrate')
    .action(async () => {
      await withDatabase(
        async ({ connection }) => {
          const ran = await bringUpToDate(connection, commandLog()).catch((error: Error) => {
            throw error.name === 'MigrationError' ? new CommandFailure(error.message) : error;
          });
          print(ran.length === 0 ? 'nothing to do\n' : `${ran.join('\n')}\n${ran.length} migrations ran\n`);
        },
        { anySchema: true },
      );
    });
}
