import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import {
  type Comparison,
  compareDay,
  type ReconcileDeps,
  restoreChanges,
} from '../features/changes/reconcile.ts';
import { createEmbeddedFund } from '../fund/embedded/embedded-fund-store.ts';
import type { AppliedChange, Fund } from '../fund/port.ts';
import type { Database } from '../platform/postgres/database.ts';
import { type Iin, maskIin } from '../values/iin.ts';
import { dayAfter } from '../values/time-zone.ts';
import { nonEmpty, readDay, readIin } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

interface Asked {
  readonly from: string;
  readonly to?: string;
  readonly holder?: Iin;
  readonly restore?: true;
  readonly reason?: string;
  readonly yes?: true;
}

/** `kabinet changes reconcile`: what the fund has and the database has lost. */
export function reconcileCommand(changes: Command): void {
  changes
    .command('reconcile')
    .description(
      'compare the changes that the fund applied on some days with the database, and print those that the database has lost. With --restore, record them again: each gets a new number, and its holder a notice',
    )
    .requiredOption('--from <day>', 'the first day in UTC, as 2026-11-28', readDay)
    .option('--to <day>', 'the last day; by default the first one', readDay)
    .option('--holder <iin>', 'only the changes of this holder', readIin)
    .option('--restore', 'record what is missing, after you have said yes')
    .option('--reason <text>', 'with --restore: why; the person can read it', nonEmpty)
    .option('--yes', 'with --restore: do not ask')
    .addHelpText(
      'after',
      '\nExample:\n  $ kabinet changes reconcile --from 2026-11-28\n  $ kabinet changes reconcile --from 2026-11-28 --restore --reason "the database failed over on 28 November"',
    )
    .action(async (asked: Asked) => {
      if (asked.restore && asked.reason === undefined)
        throw new CommandFailure('--restore needs --reason: the person can read it');
      await withDatabase(({ config, database }) => reconcile(config, database, asked), {
        statementTimeout: 0,
      });
    });
}

async function reconcile(config: Config, database: Database, asked: Asked): Promise<void> {
  const fund = await fundOf(config, database);
  try {
    const deps = { fund, database, contactSettings: config.contacts };
    const found = await compareDays(deps, asked);
    for (const change of found.missing) print(`${lineOf(change)}\n`);
    const unread = found.unread === 0 ? '' : `, ${found.unread} of them unreadable`;
    print(`the fund lists ${found.listed} changes${unread}; ${found.missing.length} are missing here\n`);
    if (!asked.restore) return;
    if (!asked.yes && !(await agreed(found.missing.length))) throw new CommandFailure('nothing was recorded');
    const { numbers, left } = await restoreChanges(deps, found, asked.reason ?? '');
    for (const [changeId, number] of numbers) print(`${changeId}  recorded as ${number}\n`);
    print(`${numbers.size} recorded\n`);
    if (left.length > 0)
      throw new CommandFailure(
        `${left.length} left: the fund does not know their holders any more\n${left.map(lineOf).join('\n')}`,
      );
  } finally {
    await fund.close();
  }
}

async function fundOf({ fund: { http } }: Config, database: Database): Promise<Fund> {
  if (!http) return createEmbeddedFund(database);
  // Its packages are loaded only for it, and not for every command.
  const { createHttpFund } = await import('../fund/http/http.ts');
  return createHttpFund(http, {
    onFailure: (code) => process.stderr.write(`the fund gave no answer: ${code}\n`),
  });
}

async function compareDays(deps: ReconcileDeps, { from, to = from, holder }: Asked): Promise<Comparison> {
  if (to < from) throw new CommandFailure(`${to} is before ${from}`);
  const missing: AppliedChange[] = [];
  let [listed, unread, highest] = [0, 0, 0];
  for (let day = from; day <= to; day = dayAfter(day)) {
    const found = await compareDay(deps, { day, iin: holder });
    if (!found)
      throw new CommandFailure("the fund's system has no list of applied changes (docs/fund-api.yaml)");
    missing.push(...found.missing);
    listed += found.listed;
    unread += found.unread;
    highest = Math.max(highest, found.highest);
  }
  return { missing, listed, unread, highest };
}

function lineOf({ changeId, iin, madeAt, appliedAt, fields }: AppliedChange): string {
  const times = `made ${madeAt.toISOString()}  applied ${appliedAt.toISOString()}`;
  return `${changeId}  ${maskIin(iin)}  ${times}  ${Object.keys(fields).join(', ')}`;
}

/**
 * Asks the operator for their word.
 * @throws CommandFailure when nobody sits at the terminal
 */
async function agreed(count: number): Promise<boolean> {
  if (!process.stdin.isTTY) throw new CommandFailure('nobody can be asked here: say --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`Record ${count} changes again? Type yes: `)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}
