import type { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { ConfigError } from '../config/faults.ts';
import { showConfig } from '../config/show.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';

/** `kabinet config`: the current settings. */
export function configCommand(program: Command): void {
  program
    .command('config')
    .description(
      'print every setting with its value (unless it is secret), meaning, default and source. Exits with 1 when a setting is wrong',
    )
    .action(() => {
      const { settings, faults } = showConfig(process.env);
      for (const setting of settings) {
        print(
          `${setting.name}=${setting.value ?? '(secret)'}\n    ${setting.meaning}\n    default: ${setting.default || '(none)'} · from: ${setting.source}\n`,
        );
      }
      try {
        readConfig(process.env);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        throw new CommandFailure(error.message);
      }
      if (faults.length > 0) throw new CommandFailure(faults.join('\n'));
    });
}
