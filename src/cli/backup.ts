import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { backupJob, recordJobSuccess } from '../features/operations/job-store.ts';
import { createKeys, type Keys } from '../platform/keys.ts';
import {
  BackupError,
  checkDump,
  dumpDatabase,
  loadDatabase,
  type Progress,
  whyNotRestore,
} from '../platform/postgres/backup.ts';
import type { Database } from '../platform/postgres/database.ts';
import { filePassphrase, readSealed, writeSealed } from '../platform/sealed-file.ts';
import { SealedFileError } from '../platform/sealed-file-error.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { type Attached, commandLog, withDatabase } from './terminal.ts';

/**
 * `kabinet backup` and `kabinet restore`: all data of the service in one file, sealed with its key.
 */
export function backupCommands(program: Command): void {
  const backup = program
    .command('backup <file>')
    .description(
      'write all data into one compressed file, encrypted with SECRET_KEYS, while the service runs',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet backup cabinet.backup')
    .action(async (file: string) => {
      if (existsSync(file)) throw new CommandFailure(`${file} already exists`);
      await withKeys(async ({ config, connection, database }, keys) => {
        const { backupUrl } = config.database;
        const from = backupUrl === undefined ? connection : { connectionString: backupUrl };
        const begun = performance.now();
        await writeSealed(file, keys, dumpDatabase(from, progress('read')));
        const { size } = await stat(file);
        print(`${file}: ${megabytes(size)} in ${since(begun)}\n`);
        await record(database);
      });
    });

  backup
    .command('passphrase')
    .description(
      'print the passphrase that "age -d" asks for to open backups made with the first of SECRET_KEYS',
    )
    .action(() => print(`${filePassphrase(createKeys(readConfig(process.env).secretKeys))}\n`));

  program
    .command('restore <file>')
    .description('load a backup into an empty database. The whole file is checked before anything is written')
    .option('--replace', 'delete everything that is in the database now')
    .addHelpText('after', '\nExample:\n  $ kabinet restore cabinet.backup')
    .action(async (file: string, { replace = false }: { replace?: boolean }) => {
      if (!existsSync(file)) throw new CommandFailure(`${file}: no such file`);
      await withKeys(async ({ connection }, keys) => {
        const begun = performance.now();
        const refused = await whyNotRestore(connection, { replace });
        if (refused !== undefined) throw new CommandFailure(refused);
        const { madeAt } = await checkDump(readSealed(file, keys));
        process.stderr.write(`${file}, made at ${madeAt}, is complete (checked in ${since(begun)})\n`);
        await loadDatabase(connection, readSealed(file, keys), commandLog(), progress('loaded'));
        print(`restored to ${madeAt} in ${since(begun)}\n`);
      });
    });
}

/**
 * Lets the metrics tell when the last backup was made. The backup is good without that, and a
 * former release's database has no place for it.
 */
async function record(database: Database): Promise<void> {
  await recordJobSuccess(database, [backupJob]).catch((error: Error) => {
    const { code } = (error.cause ?? error) as { code?: string };
    const why =
      code === '25006'
        ? 'DATABASE_URL is a standby: let it name the primary, and DATABASE_BACKUP_URL the standby'
        : (code ?? error.name);
    process.stderr.write(`the time of this backup was not recorded (${why})\n`);
  });
}

/** Reports a file that cannot be used as the operator's error, without a stack. */
async function withKeys(work: (attached: Attached, keys: Keys) => Promise<void>): Promise<void> {
  // The tables are written as they are, and a restore makes its own.
  await withDatabase((attached) => work(attached, createKeys(attached.config.secretKeys)), {
    anySchema: true,
  }).catch((error: unknown) => {
    const known = error instanceof BackupError || error instanceof SealedFileError;
    throw known ? new CommandFailure(error.message) : error;
  });
}

/**
 * Reports progress. On a terminal, one line for each table is rewritten. In a log there is a line
 * for each table and for each gigabyte of it.
 */
function progress(done: string): Progress {
  let lastStep = '';
  return (table, bytes) => {
    const line = `${table}: ${megabytes(bytes)} ${done}`;
    const step = `${table} ${Math.floor(bytes / 1e9)}`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(72)}`);
    else if (step !== lastStep) process.stderr.write(`${line}\n`);
    lastStep = step;
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function since(begun: number): string {
  return `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
}
