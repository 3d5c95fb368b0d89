import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Finding, type KeptAuditHead, verifyAudit } from '../features/operations/audit.ts';
import { headLine, readHead } from '../features/operations/audit-head-file.ts';
import { readAuditHead } from '../features/operations/audit-store.ts';
import { dayLine } from '../features/receipt-log/published-heads.ts';
import { readDays } from '../features/receipt-log/store.ts';
import { createKeys } from '../platform/keys.ts';
import { readDay } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { type Attached, withDatabase } from './terminal.ts';

/** `kabinet audit`: shows whether anybody altered the record of events. */
export function auditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('the sealed log of changes, security events and signatures');

  audit
    .command('verify')
    .description('recompute every row and every seal. Names the first altered one and exits with 1')
    .option(
      '--head <file|hash>',
      'a head that was kept elsewhere (see "audit head"): shows whether the newest seals were removed. Without it, AUDIT_HEAD_FILE is read',
    )
    .addHelpText('after', '\nExample:\n  $ kabinet audit verify --head /mnt/elsewhere/head.txt')
    .action(async ({ head: kept }: { head?: string }) => {
      await withAudit(async ({ config, database }) => {
        const verdict = await verifyAudit(
          database,
          createKeys(config.secretKeys),
          keptHead(kept, config.operations.auditHeadFile),
          showProgress,
        );
        if (!verdict.ok) throw new CommandFailure(describe(verdict.finding));
        print(`${verdict.seals} seals, ${verdict.rows} rows: nothing was altered\n`);
        if (verdict.head) print(`${headLine(verdict.head)}\n`);
      });
    });

  audit
    .command('head')
    .description('print the head of the chain of seals. Keep it where nobody on this machine can write')
    .action(async () => {
      await withAudit(async ({ database }) => {
        const head = await readAuditHead(database);
        if (!head) throw new CommandFailure('nothing has been sealed yet');
        print(`${headLine(head)}\n`);
      });
    });

  audit
    .command('publish')
    .description(
      'print the signed heads of the log of receipts, a line for each day: day, number of receipts, root, signature. Publish them where you cannot change them later, or print them',
    )
    .option('--from <day>', 'from this day on, as 2026-11-29', readDay, always)
    .addHelpText('after', '\nExample:\n  $ kabinet audit publish --from 2026-11-01 > heads.txt')
    .action(async ({ from }: { from: string }) => {
      await withAudit(async ({ database }) => {
        const days = await readDays(database, from);
        if (days.length === 0) throw new CommandFailure('no day has been closed yet');
        for (const day of days) print(`${dayLine(day)}\n`);
      });
    });
}

/** The day before all. */
const always = '2000-01-01';

/** Reading a long log takes longer than the service allows a statement. */
function withAudit(work: (attached: Attached) => Promise<void>): Promise<void> {
  return withDatabase(work, { statementTimeout: 0 });
}

/**
 * The head named on the command line, or else the one the service keeps; undefined when there is
 * none.
 */
function keptHead(named: string | undefined, file: string | undefined): KeptAuditHead | undefined {
  const from = named ?? (file !== undefined && existsSync(file) ? file : undefined);
  if (from === undefined) {
    process.stderr.write(
      'without a head that was kept elsewhere (--head, AUDIT_HEAD_FILE), removed newest seals go unnoticed\n',
    );
    return undefined;
  }
  const kept = readHead(from);
  if (!kept)
    throw new CommandFailure(`${from}: neither an existing file nor a head of 64 hexadecimal digits`);
  return kept;
}

function describe({ what, table, id, seal, detail }: Finding): string {
  if (what === 'unknown key')
    return `unknown key · seal ${seal} · SECRET_KEYS lacks the key that made it: add the former keys at the end and verify again; if none fits, somebody else made a new chain`;
  return [
    what,
    ...(table === undefined ? [] : [`cabinet.${table}`]),
    ...(id === undefined ? [] : [`row ${id}`]),
    ...(seal === undefined ? [] : [`seal ${seal}`]),
    ...(detail === undefined ? [] : [detail]),
  ].join(' · ');
}

function showProgress(seals: number, rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${seals} seals, ${rows} rows\r`);
  else if (seals % 500 < 5) process.stderr.write(`${seals} seals, ${rows} rows\n`);
}
