import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { JSONWebKeySet } from 'jose';
import { readConfig } from '../config/config.ts';
import { readSealKeys } from '../features/receipt-seal/seal-keys.ts';
import { readHeads } from '../receipt/check-log.ts';
import { type CheckOutcome, type Fact, judgeCode, judgeFile, kindOfFile } from '../receipt/judge.ts';
import { verifyWith } from '../receipt/verify-signature.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';

/** What each outcome means. */
const verdicts: Readonly<Record<CheckOutcome['verdict'], string>> = {
  sealed: 'The seal is right. It says:',
  disputed: 'the seal is right, and the log refutes the receipt',
  otherReceipt: 'the file is not the receipt of the code',
  noSeal: 'this file has no seal of a receipt, or more than one',
  foreign: 'the seal was made by another key',
  broken: 'the seal was altered, or is no seal of a receipt',
  altered: 'the file was altered after it was sealed',
  signedThen: 'The signature was right at the trusted time:',
  signed: 'The signature fits the text:',
  notSigned: 'the signature is not right',
  tooLarge: 'the file is larger than a receipt can be',
  code: 'The code is signed by this service:',
  foreignCode: 'the code was signed by another key, or altered',
  noCode: 'this is not the code of a receipt',
};

/** What is said beside a verdict. A note without an entry is printed by its name. */
const notes: Readonly<Record<string, string>> = {
  'log-none': 'the receipt says nothing of the log',
  'log-promised': 'the receipt has a promise; after its day a new file has the proof',
  'log-included': 'the receipt is in the log, by the head in its own file',
  'log-published': 'the receipt is in the log, by a published head',
  'log-notInTree': 'the log does not have this receipt',
  'log-foreign': 'the head in the file is not of this log',
  'log-otherHead': 'another head was published for its day: somebody keeps two histories',
  'log-cutOff': 'the published heads end before the day of this receipt: they are old, or were cut off',
  'log-before': 'the published heads begin after the day of this receipt',
  'log-fetchAgain': 'its day was published since: fetch the file again',
  'sealed-now': 'not checked: whether the values were changed later',
  'altered-sealed': 'its seal says the following, and the file may show something else',
  'code-values': 'not checked: the values on the paper, since any can be printed beside a code',
  'code-file': 'the file of the receipt (PDF) shows them',
  'code-same': 'the file is the receipt of the code',
  timeStamp: 'a time-stamp says that the signature existed at the trusted time; all is judged at it',
  wrongTimeStamp: 'its time-stamp does not count, so all is judged now',
  noTimeStamp: 'not checked: when it was signed, since it has no time-stamp; all is judged now',
  'evidence-time-stamp': 'a time-stamp on the signature says the time',
  'evidence-seal': 'a time-stamp on the evidence says the time',
  'evidence-archive': 'only this service says the time',
  'evidence-notRevoked': 'by the answer of that time, the certificate was not revoked',
  notRevocation: 'could not be checked: whether the certificate was revoked',
};

/** `kabinet check FILE`: whether a receipt is as the service made it. */
export function checkCommand(program: Command): void {
  program
    .command('check')
    .description(
      'Checks a receipt (PDF), a signature (CMS), evidence of one (JSON) or the code of a receipt, and prints what it says. Needs no network and no database.',
    )
    .argument('<file>', 'the receipt, the signature or the evidence; or the text of the QR code, with its #')
    .option(
      '--heads <file>',
      'heads of the log as "audit publish" writes them, from a place that you trust: proves that the receipt is among all others',
    )
    .option('--code <text>', 'the text of the QR code on paper: tells whether the file is that receipt')
    .option('--keys <file>', 'the published keys (/.well-known/jwks.json); by default those of RECEIPT_KEYS')
    .option('--trust <folder>', 'certificates that are trusted beside those of the authority, DER')
    .action(check);
}

interface CheckOptions {
  readonly keys?: string;
  readonly heads?: string;
  readonly code?: string;
  readonly trust?: string;
}

async function check(path: string, options: CheckOptions): Promise<void> {
  const isCode = path.includes('#') && !existsSync(path);
  for (const one of [isCode ? undefined : path, options.keys, options.heads, options.trust]) {
    if (one !== undefined && !existsSync(one)) throw new CommandFailure(`${one}: no such file`);
  }
  const outcome = isCode ? await judgeCode(path, await keysOf(options)) : await judge(path, options);
  const { verdict } = outcome;
  const noteLines = outcome.notes.map((note) => `  ${notes[note] ?? note}`);
  const lines = [verdicts[verdict], ...outcome.facts.map(factLine), ...noteLines].join('\n');
  // Heads that were given, and do not prove the receipt, are a failure, too.
  const isProved = options.heads === undefined || outcome.notes.includes('log-published');
  const isRight = ['sealed', 'signed', 'signedThen', 'code'].includes(verdict);
  if (!isRight || (verdict === 'sealed' && !isProved)) throw new CommandFailure(`${path}: ${lines}`);
  print(`${lines}\n`);
}

async function judge(path: string, options: CheckOptions): Promise<CheckOutcome> {
  const file = await readFile(path);
  const keys = kindOfFile(file) === 'signature' ? { keys: [] } : await keysOf(options);
  const { code } = options.code === undefined ? {} : await judgeCode(options.code, keys);
  if (options.code !== undefined && !code) throw new CommandFailure(verdicts.foreignCode);
  const { createTrust, productionCertificates, verify, verifyEvidence } = await import('nca-verify');
  const trust = createTrust([...productionCertificates(), ...(await certificatesIn(options.trust))]);
  return judgeFile(file, {
    ...verifyWith({ verify, verifyEvidence }, keys, async () => trust),
    heads: options.heads === undefined ? undefined : await readPublished(options.heads, keys),
    headsBy: 'person',
    code,
  });
}

function factLine({ name, value, old }: Fact): string {
  const shown = (one: string | null) => one ?? '—';
  const change = old === undefined ? '' : `${shown(old)} -> `;
  return `  ${name.replace('field-', '')}: ${change}${shown(value)}`;
}

async function readPublished(path: string, keys: JSONWebKeySet) {
  const read = await readHeads(await readFile(path, 'utf8'), keys);
  if (!read.ok) throw new CommandFailure(`${path}: ${read.reason} in line ${read.detail}`);
  return read.value;
}

async function certificatesIn(folder: string | undefined): Promise<readonly Uint8Array[]> {
  if (folder === undefined) return [];
  const names = (await readdir(folder)).filter((name) => /\.(cer|crt|der)$/.test(name));
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}

async function keysOf({ keys }: CheckOptions): Promise<JSONWebKeySet> {
  if (keys !== undefined) return JSON.parse(await readFile(keys, 'utf8'));
  const { receiptKeys } = readConfig(process.env);
  if (!receiptKeys) throw new CommandFailure('RECEIPT_KEYS is not set: give the published keys with --keys');
  return (await readSealKeys(receiptKeys)).published;
}
