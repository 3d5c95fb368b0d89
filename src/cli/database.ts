import type { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { openDatabase } from '../platform/postgres/database.ts';
import { grantService, type RoleRefusal } from '../platform/postgres/roles.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

const refusals: Readonly<Record<RoleRefusal, string>> = {
  badName: 'the name of a role consists of lower-case letters, digits and _',
  unknownRole: 'there is no such role. Create it first: create role NAME login password …',
  superuser: 'this role is a superuser, which no grant can limit',
  ownRole:
    'this is the role of the connection itself: connect as the owner of the tables (DATABASE_DIRECT_URL)',
  owner: 'this role owns the tables, or is a member of the owner: it could switch the triggers off',
  notOwner: 'the role of this connection does not own the tables: set DATABASE_DIRECT_URL to one that does',
};

/** `kabinet database`: who may do what in PostgreSQL. */
export function databaseCommands(program: Command): void {
  program
    .command('database')
    .description('the roles (user accounts) of PostgreSQL')
    .command('grant <role>')
    .description(
      'give a PostgreSQL role the rights that the service needs. It can only add to the audit log and read it. Run this as the owner of the tables, and again after each migration',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet database grant cabinet_service')
    .action(async (role: string) => {
      if (readConfig(process.env).database.url === undefined)
        throw new CommandFailure('the embedded database has only one role: this command needs DATABASE_URL');
      await withDatabase(async ({ connection }) => {
        const database = openDatabase(connection, { max: 1 });
        try {
          const refusal = await grantService(database, role);
          if (refusal) throw new CommandFailure(`${role}: ${refusals[refusal]}`);
        } finally {
          await database.close();
        }
        print(`${role} has the rights that the service needs\n`);
      });
    });
}
