import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { auditStore } from '../adapters/postgres/audit-store.ts';
import { type Keys, makeKeys } from '../keys.ts';
import {
  type AuditStore,
  type Finding,
  type Head,
  type KeptHead,
  verifyAudit,
} from '../modules/operations/audit.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet audit`: whether anybody altered what happened. */
export function auditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('the sealed log of changes, security events and signatures');

  audit
    .command('verify')
    .description('recompute every row and every seal; name the first that was altered, and exit with 1')
    .option(
      '--head <file|hash>',
      'a head kept elsewhere (audit head), to find out if newer seals were cut off',
    )
    .action(async ({ head: kept }: { head?: string }) => {
      await withAudit(async (store, keys) => {
        const verdict = await verifyAudit(
          store,
          keys,
          kept === undefined ? undefined : readKept(kept),
          tellProgress,
        );
        if (!verdict.ok) throw new CommandFailure(describe(verdict.finding));
        print(`${verdict.seals} seals, ${verdict.rows} rows: nothing was altered\n`);
        if (verdict.head) print(`${line(verdict.head)}\n`);
      });
    });

  audit
    .command('head')
    .description('print the head of the chain, to be kept where nobody of this machine can write')
    .action(async () => {
      await withAudit(async (store) => {
        const head = await store.head();
        if (!head) throw new CommandFailure('nothing has been sealed yet');
        print(`${line(head)}\n`);
      });
    });
}

function withAudit(work: (store: AuditStore, keys: Keys) => Promise<void>): Promise<void> {
  return withDatabase(({ config, database }) => work(auditStore(database), makeKeys(config.secretKeys)), {
    statementTimeout: 0,
  });
}

function line({ seal, sealedAt, head }: Head): string {
  return `seal ${seal} ${sealedAt} ${head}`;
}

/** The last line of a kept file, or what stands on the command line. */
function readKept(text: string): KeptHead {
  const kept = existsSync(text) ? readFileSync(text, 'utf8') : text;
  const found = [...kept.matchAll(/(?:\bseal ([0-9]+) \S+ )?\b([0-9a-f]{64})\b/gi)].at(-1);
  if (!found?.[2]) throw new CommandFailure(`${text}: no file, and no head of 64 hexadecimal digits`);
  return { head: found[2].toLowerCase(), seal: found[1] === undefined ? undefined : Number(found[1]) };
}

function describe({ what, table, id, seal, detail }: Finding): string {
  if (what === 'unknown key')
    return `unknown key · seal ${seal} · SECRET_KEYS does not hold what it was made with: add the former keys at the end and verify again; if none fits, the chain was made anew by somebody else`;
  return [
    what,
    ...(table === undefined ? [] : [`cabinet.${table}`]),
    ...(id === undefined ? [] : [`row ${id}`]),
    ...(seal === undefined ? [] : [`seal ${seal}`]),
    ...(detail === undefined ? [] : [detail]),
  ].join(' · ');
}

function tellProgress(seals: number, rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${seals} seals, ${rows} rows\r`);
  else if (seals % 500 < 5) process.stderr.write(`${seals} seals, ${rows} rows\n`);
}
