import { Command } from 'commander';
import { ConfigError } from '../config/faults.ts';
import { DatabaseAway } from '../platform/outage.ts';
import { addressCommands } from './addresses.ts';
import { auditCommands } from './audit.ts';
import { backupCommands } from './backup.ts';
import { changeCommands } from './changes.ts';
import { checkCommand } from './check.ts';
import { configCommand } from './config.ts';
import { contactCommands } from './contacts.ts';
import { databaseCommands } from './database.ts';
import { evidenceCommands } from './evidence.ts';
import { CommandFailure } from './failure.ts';
import { maintenanceCommands } from './maintenance.ts';
import { messageCommands } from './messages.ts';
import { migrateCommand } from './migrate.ts';
import { peopleCommands } from './people.ts';
import { printable } from './printable.ts';

/** The `kabinet` command: an operator's tasks beside the running service. */
const program = new Command('kabinet')
  .description(
    'Commands for operators of the personal cabinet. They can run while the service runs. Set the same environment variables as for the service, above all SECRET_KEYS and DATABASE_URL or VAR_DIR.',
  )
  .addHelpText(
    'after',
    '\nThe help of one command:\n  $ kabinet messages --help\n  $ kabinet messages list --help',
  )
  .showHelpAfterError()
  .configureOutput({ outputError: (text, write) => write(printable(text)) });

configCommand(program);
peopleCommands(program);
messageCommands(program);
contactCommands(program);
changeCommands(program);
addressCommands(program);
auditCommands(program);
evidenceCommands(program);
backupCommands(program);
databaseCommands(program);
migrateCommand(program);
maintenanceCommands(program);
checkCommand(program);

// `kabinet … | head` closes the pipe early. That is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`${printable(explained(error))}\n`);
  process.exitCode = 1;
});

/** What an operator can correct, without a stack. PostgreSQL's log has the rest. */
function explained(error: Error): string {
  if (error instanceof CommandFailure || error instanceof ConfigError) return error.message;
  if (error instanceof DatabaseAway) return `the database cannot be used${reasonOf(error.code)}`;
  return error.stack ?? error.message;
}

function reasonOf(code: string | undefined): string {
  if (code === '53100') return ': its disk is full';
  if (code === '53300') return ': all of its connections are in use';
  return code === undefined ? '' : `: ${code}`;
}
