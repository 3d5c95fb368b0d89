import type { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { openDatabase } from '../platform/postgres/database.ts';
import { grantService, type RoleRefusal } from '../platform/postgres/roles.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

const refusals: Readonly<Record<RoleRefusal, string>> = {
  badName: 'a role has lower-case letters, digits and _',
  unknownRole: 'there is no such role: create role NAME login password …',
  superuser: 'this role is a superuser, who may do anything whatever is granted',
  ownRole: 'this is the role of this connection: run it as the owner of the tables (DATABASE_DIRECT_URL)',
  owner: 'this role owns the tables, or is a member of the role that does: it could switch the triggers off',
  notOwner: 'the role of this connection does not own the tables: set DATABASE_DIRECT_URL to one that does',
};

/** `kabinet database`: who may do what in PostgreSQL. */
export function databaseCommands(program: Command): void {
  program
    .command('database')
    .description('the roles of PostgreSQL')
    .command('grant <role>')
    .description(
      'give a role what the service needs: on the log of what happened it may add and read, nothing else. Run as the owner, after migrations too',
    )
    .action(async (role: string) => {
      if (readConfig(process.env).database.url === undefined)
        throw new CommandFailure('the embedded database has one role; this is for DATABASE_URL');
      await withDatabase(async ({ connection }) => {
        const database = openDatabase(connection, { max: 1 });
        try {
          const refusal = await grantService(database, role);
          if (refusal) throw new CommandFailure(`${role}: ${refusals[refusal]}`);
        } finally {
          await database.close();
        }
        print(`${role} may do what the service needs\n`);
      });
    });
}
