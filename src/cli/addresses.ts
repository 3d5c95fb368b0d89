import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { importStreets } from '../features/addresses/import-streets.ts';
import { shippedPlaces } from '../features/addresses/places.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet addresses`: streets and houses for the suggestions. */
export function addressCommands(program: Command): void {
  const addresses = program
    .command('addresses')
    .description('streets and houses that the address field suggests');

  addresses
    .command('import <file>')
    .description(
      'replace all streets and houses by those of a CSV file (format: data/README.md). If any line is wrong, nothing is loaded',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet addresses import streets.csv')
    .action(async (file: string) => {
      if (!existsSync(file)) throw new CommandFailure(`${file}: no such file`);
      await withDatabase(async ({ database }) => {
        const outcome = await importStreets(database, readFileSync(file, 'utf8'), shippedPlaces());
        if (!outcome.ok)
          throw new CommandFailure(`${outcome.detail ?? 'the file is wrong'}\nnothing was loaded`);
        const { streets, houses, places } = outcome.value;
        print(`loaded: streets ${streets}, houses ${houses}, places ${places}\n`);
      });
    });
}
