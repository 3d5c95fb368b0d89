import { existsSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type Config, ConfigError, readConfig, showConfig } from '../config/config.ts';
import { importStreets } from '../features/addresses/import-streets.ts';
import { shippedPlaces } from '../features/addresses/places.ts';
import { streetStore } from '../features/addresses/street-store.ts';
import { type DeliveryStore, deliveryStore } from '../features/changes/delivery-store.ts';
import { messageId } from '../features/notices/deliver-message.ts';
import { type MessageStore, messageStore } from '../features/notices/message-store.ts';
import { operatorStore } from '../features/operations/operator-store.ts';
import { endAllSessions } from '../features/sign-in/sessions.ts';
import { createKeys } from '../platform/keys.ts';
import type { Database } from '../platform/postgres/database.ts';
import { importFile } from '../start.ts';
import { type Iin, parseIin } from '../values/iin.ts';
import { auditCommands } from './audit.ts';
import { backupCommands } from './backup.ts';
import { databaseCommands } from './database.ts';
import { CommandFailure } from './failure.ts';
import { maintenanceCommands } from './maintenance.ts';
import { print, printable } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** The `kabinet` command: what an operator does beside the running service. */
const program = new Command('kabinet')
  .description(
    'Commands for the personal cabinet. They work beside the running service, on the same VAR_DIR or DATABASE_URL.',
  )
  .showHelpAfterError()
  .configureOutput({ outputError: (text, write) => write(printable(text)) });

program
  .command('config')
  .description('print every setting with its meaning, default and present source; never a secret')
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

const people = program
  .command('people')
  .description('people of the embedded fund, and what an operator may do for them');

people
  .command('import <file>')
  .description(
    'load people from JSON lines, all or none; a line equal to the last import of that person changes nothing',
  )
  .action(async (file: string) => {
    if (!existsSync(file)) throw new CommandFailure(`${file}: no such file`);
    if (readConfig(process.env).fund)
      throw new CommandFailure('FUND_URL is set: people come from there, not from a file');
    await withDatabase(async ({ config, connection }) => {
      const outcome = await importFile(config, connection, file, progressLine());
      if (!outcome.ok) {
        throw new CommandFailure(
          `${outcome.problems.map(({ line, reason, detail }) => `line ${line}: ${reason}${detail === undefined ? '' : ` (${detail})`}`).join('\n')}\nnothing was loaded`,
        );
      }
      const { read, added, changed, unchanged } = outcome;
      print(`${read} read, ${added} added, ${changed} changed, ${unchanged} unchanged\n`);
    });
  });

people
  .command('show <iin>')
  .description('print what is known of a person; the look is noted in their history, with the reason')
  .requiredOption('--reason <text>', 'why it is looked at; the person sees it', nonEmpty)
  .action(async (iin: string, { reason }: { reason: string }) => {
    await withStores(async ({ operator }) => {
      const shown = await operator.show(readIin(iin), reason);
      if (!shown) throw new CommandFailure('nobody with this IIN is on file');
      print(`${JSON.stringify(shown, null, 2)}\n`);
    });
  });

people
  .command('end-sessions <iin>')
  .description('end all sessions of a person; noted in their history, with the reason')
  .requiredOption('--reason <text>', 'why they end; the person sees it', nonEmpty)
  .action(async (iin: string, { reason }: { reason: string }) => {
    await withStores(async ({ operator, database }) => {
      const holderId = await operator.note(readIin(iin), 'sessions-ended', reason);
      if (holderId === undefined) throw new CommandFailure('nobody with this IIN has a cabinet');
      print(`${await endAllSessions(database, holderId, 'operator')} sessions ended\n`);
    });
  });

people
  .command('unfreeze <iin>')
  .description(
    'let recovery and contact changes go on after "this wasn\'t me"; noted in their history, with the reason',
  )
  .requiredOption('--reason <text>', 'why; the person sees it', nonEmpty)
  .action(async (iin: string, { reason }: { reason: string }) => {
    await withStores(async ({ operator }) => {
      if (!(await operator.unfreeze(readIin(iin), reason)))
        throw new CommandFailure('nothing is stopped for this IIN');
      print('recovery and contact changes go on\n');
    });
  });

const messages = program
  .command('messages')
  .description('SMS and e-mails that could not be sent. A code is never shown: it is stored nowhere');

messages
  .command('list')
  .description('print the dead letters, the newest first, with nothing of the people they were for')
  .option('--most <number>', 'how many', readCount, 100)
  .action(async ({ most }: { most: number }) => {
    await withMessages(async (store) => {
      for (const { id, kind, channel, error, attempts, queuedAt, deadAt } of await store.dead(most)) {
        const times = `queued ${queuedAt.toISOString()}  given up ${deadAt.toISOString()}`;
        print(`${id}  ${channel}  ${kind}  ${error}  ${attempts} attempts  ${times}\n`);
      }
    });
  });

messages
  .command('show <id>')
  .description("print one message's recipient and fate; the look is noted in that person's history")
  .requiredOption('--reason <text>', 'why it is looked at; the person sees it', nonEmpty)
  .action(async (text: string, { reason }: { reason: string }) => {
    const id = readCount(text);
    await withMessages(async (store, config) => {
      const shown = await store.show(id, messageId(createKeys(config.secretKeys), id), reason);
      if (!shown) throw new CommandFailure('there is no such message');
      print(`${JSON.stringify(shown, null, 2)}\n`);
    });
  });

messages
  .command('retry [ids...]')
  .description("send dead notices again; noted in their people's histories. A code is not: it has expired")
  .option('--all', 'every dead notice')
  .requiredOption('--reason <text>', 'why; the person sees it', nonEmpty)
  .action(async (texts: string[], { all, reason }: { all?: true; reason: string }) => {
    if (texts.length > 0 === (all === true)) throw new CommandFailure('name the messages, or say --all');
    const ids = all ? undefined : texts.map(readCount);
    await withMessages(async (store) => {
      const retried = await store.retry(ids, reason);
      const left = ids?.filter((id) => !retried.includes(id)) ?? [];
      if (left.length > 0)
        throw new CommandFailure(`${retried.length} put back; no dead notice: ${left.join(', ')}`);
      print(`${retried.length} put back\n`);
    });
  });

const changes = program
  .command('changes')
  .description("saved changes that did not reach the fund's system, named by the numbers of their receipts");

changes
  .command('list')
  .description('print those that were given up, the newest first, with nothing of the people who made them')
  .option('--most <number>', 'how many', readCount, 100)
  .action(async ({ most }: { most: number }) => {
    await withDeliveries(async (store) => {
      for (const { number, error, attempts, queuedAt, deadAt } of await store.dead(most)) {
        const times = `queued ${queuedAt.toISOString()}  given up ${deadAt.toISOString()}`;
        print(`${number}  ${error}  ${attempts} attempts  ${times}\n`);
      }
    });
  });

changes
  .command('show <number>')
  .description(
    "print whose change it is, which fields and its fate; the look is noted in that person's history",
  )
  .requiredOption('--reason <text>', 'why it is looked at; the person sees it', nonEmpty)
  .action(async (number: string, { reason }: { reason: string }) => {
    await withDeliveries(async (store) => {
      const shown = await store.show(number, reason);
      if (!shown) throw new CommandFailure('there is no such change');
      print(`${JSON.stringify(shown, null, 2)}\n`);
    });
  });

changes
  .command('requeue [numbers...]')
  .description(
    "send changes that were given up to the fund again, as far as they still stand; noted in their people's histories",
  )
  .option('--all', 'every one that was given up')
  .requiredOption('--reason <text>', 'why; the person sees it', nonEmpty)
  .action(async (numbers: string[], { all, reason }: { all?: true; reason: string }) => {
    if (numbers.length > 0 === (all === true)) throw new CommandFailure('name the changes, or say --all');
    await withDeliveries(async (store) => {
      const again = await store.requeue(all ? undefined : numbers, reason);
      const left = all ? [] : numbers.filter((number) => !again.includes(number));
      if (left.length > 0)
        throw new CommandFailure(
          `${again.length} put back; not given up, or nothing of it stands any more: ${left.join(', ')}`,
        );
      print(`${again.length} put back\n`);
    });
  });

const addresses = program.command('addresses').description('streets and houses for the suggestions');

addresses
  .command('import <file>')
  .description(
    'load an operator’s streets and houses (CSV; data/README.md says how) in place of the former ones, all or none',
  )
  .action(async (file: string) => {
    if (!existsSync(file)) throw new CommandFailure(`${file}: no such file`);
    await withDatabase(async ({ database }) => {
      const outcome = await importStreets(readFileSync(file, 'utf8'), shippedPlaces(), streetStore(database));
      if (!outcome.ok)
        throw new CommandFailure(`${outcome.detail ?? 'the file is wrong'}\nnothing was loaded`);
      const { streets, houses, places } = outcome.value;
      print(`loaded: streets ${streets}, houses ${houses}, places ${places}\n`);
    });
  });

auditCommands(program);
backupCommands(program);
databaseCommands(program);
maintenanceCommands(program);

// `kabinet … | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

program.parseAsync().catch((error: Error) => {
  const known = error instanceof CommandFailure || error instanceof ConfigError;
  process.stderr.write(`${printable(known ? error.message : (error.stack ?? error.message))}\n`);
  process.exitCode = 1;
});

/** Tells how far it is: one line rewritten on a terminal, a line for every hundred thousand in a log. */
function progressLine(): (read: number) => void {
  let told = 0;
  return (read) => {
    const line = `${read.toLocaleString('en')} lines`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}\r`);
    else if (read - told >= 100_000) {
      told = read;
      process.stderr.write(`${line}\n`);
    }
  };
}

function withStores(
  work: (stores: { operator: ReturnType<typeof operatorStore>; database: Database }) => Promise<void>,
): Promise<void> {
  return withDatabase(({ database }) => work({ operator: operatorStore(database), database }));
}

function withMessages(work: (store: MessageStore, config: Config) => Promise<void>): Promise<void> {
  return withDatabase(({ database, config }) => work(messageStore(database), config));
}

function withDeliveries(work: (store: DeliveryStore) => Promise<void>): Promise<void> {
  return withDatabase(({ database }) => work(deliveryStore(database)));
}

function readCount(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new CommandFailure(`${text}: a number from 1 is needed`);
  return Number(text);
}

function readIin(text: string): Iin {
  const parsed = parseIin(text);
  if (!parsed.ok) throw new CommandFailure('this is not an IIN: check the 12 digits');
  return parsed.value;
}

function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('it must not be empty');
  return text.trim();
}
