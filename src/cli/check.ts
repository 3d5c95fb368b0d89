import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { checkSeal, mostReceiptBytes, type SealReason } from '../features/receipt-seal/check-seal.ts';
import { readSealKeys } from '../features/receipt-seal/seal-keys.ts';
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
    .option('--keys <file>', 'the published keys (/.well-known/jwks.json); by default those of RECEIPT_KEYS')
    .action(check);
}

async function check(path: string, { keys: keysPath }: { readonly keys?: string }): Promise<void> {
  for (const one of [path, keysPath]) {
    if (one !== undefined && !existsSync(one)) throw new CommandFailure(`${one}: no such file`);
  }
  const file = await readFile(path);
  if (file.length > mostReceiptBytes) throw new CommandFailure(`${path} is larger than a receipt can be`);
  const keys = keysPath === undefined ? await ownKeys() : JSON.parse(await readFile(keysPath, 'utf8'));
  const checked = await checkSeal(file, keys);
  if (!checked.ok) throw new CommandFailure(`${path}: ${reasons[checked.reason]}`);
  const { holder, document, changes, ...facts } = checked.value;
  const lines = [
    'The seal is right. It says:',
    ...Object.entries({ ...facts, name: holder.name, iin: holder.iin, document }).map(
      ([name, value]) => `  ${name}: ${value ?? '—'}`,
    ),
    ...changes.map(({ field, old, new: value }) => `  ${field}: ${old ?? '—'} -> ${value ?? '—'}`),
  ];
  print(`${lines.join('\n')}\n`);
}

async function ownKeys() {
  const { receiptKeys } = readConfig(process.env);
  if (!receiptKeys) throw new CommandFailure('RECEIPT_KEYS is not set: give the published keys with --keys');
  return (await readSealKeys(receiptKeys)).published;
}
