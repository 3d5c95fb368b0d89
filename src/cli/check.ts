import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { JSONWebKeySet } from 'jose';
import { readConfig } from '../config/config.ts';
import { readSealKeys } from '../features/receipt-seal/seal-keys.ts';
import { checkLog, type LogReason, type LogStanding, readHeads } from '../receipt/check-log.ts';
import { checkSeal, mostReceiptBytes, type SealReason } from '../receipt/check-seal.ts';
import type { SealedContent } from '../receipt/sealed-content.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';

const reasons: Readonly<Record<SealReason, string>> = {
  noSeal: 'this file has no seal of a receipt, or more than one',
  foreign: 'the seal was made by another key',
  broken: 'the seal was altered, or is no seal of a receipt',
  altered: 'the file was altered after it was sealed',
};

/** `kabinet check FILE`: whether a receipt is as the service made it. */
export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('Checks the seal of a receipt (PDF), and prints what was sealed.')
    .argument('<file>', 'the receipt')
    .option(
      '--heads <file>',
      'heads of the log as "audit publish" writes them, from a place that you trust: proves that the receipt is among all others',
    )
    .option('--keys <file>', 'the published keys (/.well-known/jwks.json); by default those of RECEIPT_KEYS')
    .action(check);
}

interface CheckOptions {
  readonly keys?: string;
  readonly heads?: string;
}

async function check(path: string, { keys: keysPath, heads }: CheckOptions): Promise<void> {
  for (const one of [path, keysPath, heads]) {
    if (one !== undefined && !existsSync(one)) throw new CommandFailure(`${one}: no such file`);
  }
  const file = await readFile(path);
  if (file.length > mostReceiptBytes) throw new CommandFailure(`${path} is larger than a receipt can be`);
  const keys: JSONWebKeySet =
    keysPath === undefined ? await ownKeys() : JSON.parse(await readFile(keysPath, 'utf8'));
  const checked = await checkSeal(file, keys);
  if (!checked.ok) throw new CommandFailure(`${path}: ${reasons[checked.reason]}`);
  const inLog = await logLine(checked.value, keys, heads);
  const { holder, document, changes, log: _, ...facts } = checked.value;
  const lines = [
    'The seal is right. It says:',
    ...Object.entries({ ...facts, name: holder.name, iin: holder.iin, document }).map(
      ([name, value]) => `  ${name}: ${value ?? '—'}`,
    ),
    inLog,
    ...changes.map(({ field, old, new: value }) => `  ${field}: ${old ?? '—'} -> ${value ?? '—'}`),
  ];
  print(`${lines.join('\n')}\n`);
}

const standings: Readonly<Record<LogStanding, string>> = {
  none: 'the receipt says nothing of the log',
  promised: 'the receipt has a promise; after its day a new file has the proof',
  included: 'the receipt is in the log, by the head in its own file',
  published: 'the receipt is in the log, by a published head',
};

const refutations: Readonly<Record<LogReason, string>> = {
  notInTree: 'the log does not have this receipt',
  foreign: 'the head in the file is not of this log',
  otherHead: 'another head was published for its day: somebody keeps two histories',
  cutOff: 'the published heads do not reach the day of this receipt',
  fetchAgain: 'its day was published since: fetch the file again',
};

/** What the log says of a receipt. @throws CommandFailure when the log refutes it */
async function logLine(
  content: SealedContent,
  keys: JSONWebKeySet,
  headsPath: string | undefined,
): Promise<string> {
  const published = headsPath === undefined ? undefined : await readPublished(headsPath, keys);
  const standing = await checkLog(content, keys, published);
  if (!standing.ok) throw new CommandFailure(refutations[standing.reason]);
  return `  log: ${standings[standing.value]}`;
}

async function readPublished(path: string, keys: JSONWebKeySet) {
  const read = await readHeads(await readFile(path, 'utf8'), keys);
  if (!read.ok) throw new CommandFailure(`${path}: ${read.reason} in line ${read.detail}`);
  return read.value;
}

async function ownKeys() {
  const { receiptKeys } = readConfig(process.env);
  if (!receiptKeys) throw new CommandFailure('RECEIPT_KEYS is not set: give the published keys with --keys');
  return (await readSealKeys(receiptKeys)).published;
}
