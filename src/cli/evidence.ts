import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { type SealHash, writeEvidence } from 'nca-verify';
import type { Config } from '../config/config.ts';
import { exportEvidence } from '../features/evidence/export.ts';
import {
  daysOfSeal,
  type EvidenceSealer,
  resealEvidence,
  sealByKey,
  sealByTimeStamp,
} from '../features/evidence/reseal.ts';
import { readStandingOfEvidence } from '../features/evidence/store.ts';
import { readSealKeys } from '../features/receipt-seal/seal-keys.ts';
import { createNcaVerifier } from '../gateways/nca/verifier.ts';
import type { Database } from '../platform/postgres/database.ts';
import { nonEmpty, readCount } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet evidence`: what proves signed changes after their certificates have ended. */
export function evidenceCommands(program: Command): void {
  const evidence = program
    .command('evidence')
    .description('proof of changes signed by EDS, which outlives certificates and time-stamps');
  resealCommand(evidence);
  exportCommand(evidence);
  evidence
    .command('status')
    .description('print how many signed changes have a time-stamp and a seal, and when the first seal ends')
    .action(() => withDatabase(({ database }) => printStatus(database)));
}

const hashes = ['sha256', 'sha512', 'streebog512'] as const satisfies readonly SealHash[];

interface ResealArguments {
  readonly olderThan: string;
  readonly by?: EvidenceSealer['kind'];
  readonly hash: SealHash;
}

function resealCommand(evidence: Command): void {
  evidence
    .command('reseal')
    .description(
      'cover signed changes, with all proof of them and their earlier seals, by a new seal: those without one, and those whose last seal is old. After an interruption, run it again: it goes on where it stopped',
    )
    .option(
      '--older-than <days>',
      'seal again what was sealed more than this many days ago; 0: everything',
      String(daysOfSeal),
    )
    .addOption(
      new Option(
        '--by <what>',
        'time-stamp: by the authority of EDS_TSA_URL, which is the default where that is set. key: by RECEIPT_KEYS, which proves only that this service says so',
      ).choices(['time-stamp', 'key']),
    )
    .addOption(
      new Option('--hash <name>', 'the digest; choose another one before this becomes weak')
        .choices(hashes)
        .default('sha256'),
    )
    .addHelpText('after', '\nExample:\n  $ kabinet evidence reseal --older-than 300')
    .action((options: ResealArguments) =>
      withDatabase(async ({ config, database }) => reseal(config, database, options), {
        statementTimeout: 0,
      }),
    );
}

const refusals: Readonly<Record<string, string>> = {
  busy: 'another command is sealing now',
  noAnswer: 'the time-stamp authority gave no answer',
};

async function reseal(
  config: Config,
  database: Database,
  { olderThan, by, hash }: ResealArguments,
): Promise<void> {
  const olderThanDays = olderThan === '0' ? 0 : readCount(olderThan);
  const { sealer, close } = await sealerOf(config, database, by);
  try {
    const sealed = await resealEvidence(database, {
      sealer,
      which: olderThanDays,
      hash,
      awaitTimeStamps: config.eds.tsaUrl !== undefined,
      onProgress: (count) => process.stderr.write(`${count} sealed\n`),
    });
    if (!sealed.ok)
      throw new CommandFailure(
        `${refusals[sealed.reason] ?? `the seal is not right: ${sealed.reason}`}. What was sealed before stays; run it again`,
      );
    print(`${sealed.value} signed changes have a new seal (${sealer.kind})\n`);
  } finally {
    await close();
  }
}

async function sealerOf(
  config: Config,
  database: Database,
  by: EvidenceSealer['kind'] = config.eds.tsaUrl === undefined ? 'key' : 'time-stamp',
): Promise<{ readonly sealer: EvidenceSealer; close(): Promise<void> }> {
  if (by === 'key') {
    if (!config.receiptKeys) throw new CommandFailure('neither EDS_TSA_URL nor RECEIPT_KEYS is set');
    return {
      sealer: sealByKey(await readSealKeys(config.receiptKeys), database),
      close: async () => undefined,
    };
  }
  const verifier = createNcaVerifier(
    { ...config.eds, everyMs: config.eds.folderSeconds * 1_000, clock: () => performance.now(), threads: 1 },
    (what, reason) => process.stderr.write(`${what}: ${reason}\n`),
  );
  if (!verifier.timeStamper) throw new CommandFailure('EDS_TSA_URL is not set');
  return { sealer: sealByTimeStamp(verifier.timeStamper), close: () => verifier.close() };
}

function exportCommand(evidence: Command): void {
  evidence
    .command('export <number>')
    .description(
      'write the evidence of a signed change into a file, for "nca-verify --evidence". The history of its holder records that you did, and why',
    )
    .requiredOption('--reason <text>', 'why you need it; the person can read it', nonEmpty)
    .option('--to <file>', 'the file to write; by default evidence-NUMBER.json here')
    .addHelpText(
      'after',
      '\nExample:\n  $ kabinet evidence export 7F3K92QX0ABC --reason "case 4711"\n  $ npx nca-verify --evidence evidence-7F3K92QX0ABC.json --at 2029-01-01',
    )
    .action(async (number: string, { reason, to }: { reason: string; to?: string }) => {
      const path = to ?? `evidence-${number.replace(/[^0-9A-Z]/gi, '')}.json`;
      if (existsSync(path)) throw new CommandFailure(`${path} already exists`);
      await withDatabase(async ({ database }) => {
        const record = await exportEvidence(database, number, reason);
        if (!record) throw new CommandFailure(`${number}: no change with this number was signed by EDS`);
        await writeFile(path, writeEvidence(record), { flag: 'wx', mode: 0o600 });
        const { tokens, seals } = record;
        print(`${path}: ${tokens.length} time-stamps, ${seals.length} seals\n`);
      });
    });
}

async function printStatus(database: Database): Promise<void> {
  const { signed, stamped, waiting, waitingSince, failure, unsealed, until } =
    await readStandingOfEvidence(database);
  const since =
    waitingSince === null
      ? ''
      : ` (since ${waitingSince.toISOString()}${failure === null ? '' : `: ${failure}`})`;
  print(
    [
      `changes signed by EDS: ${signed}`,
      `  with a time-stamp that was asked for: ${stamped}`,
      `  that wait for one: ${waiting}${since}`,
      `  without a seal: ${unsealed}`,
      `first seal that ends: ${until === null ? 'none' : until.toISOString()}`,
      '',
    ].join('\n'),
  );
}
