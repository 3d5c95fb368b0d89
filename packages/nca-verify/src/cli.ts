/** `nca-verify FILE…`: verifies messages. Exit code 0: accepted, 1: refused, 2: misuse. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { productionCertificates } from './anchors.ts';
import { type BulkRules, moment, verifyMany } from './command/bulk.ts';
import { verifyEvidenceFile } from './command/evidence.ts';
import {
  MESSAGE_ENDINGS,
  Misuse,
  parse,
  readFile,
  readFolder,
  readMaxBytes,
  readMessage,
  readNonce,
  readRequirement,
  readTime,
  usage,
  type Values,
} from './command/options.ts';
import { allAsObject, allAsText, asObject, asText } from './command/print.ts';
import { serve } from './command/serve.ts';
import { type Crl, loadCrl } from './crl.ts';
import { createTrust, type Trust } from './trust.ts';
import { verify, verifyAll } from './verify.ts';

function isFolder(path: string): boolean {
  return path !== '-' && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/**
 * The messages in a folder and its folders, in the order of their names. Links are not followed.
 */
function messagesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return messagesIn(path);
    const ending = MESSAGE_ENDINGS.some((each) => entry.name.toLowerCase().endsWith(each));
    return entry.isFile() && ending ? [path] : [];
  });
}

function rulesOf(values: Values): BulkRules {
  return {
    at: readTime(values.at),
    timeStamp: values['time-stamp'],
    certificates: values.trust === undefined ? productionCertificates() : readFolder(values.trust),
    lists: values.crl ?? [],
    require: readRequirement(values.require),
    revocation: values['no-revocation'] ? 'skip' : 'check',
    allowGost2004: values['allow-gost2004'],
    maxBytes: readMaxBytes(values['max-bytes']),
    all: values.all,
  };
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    process.stdout.write(usage());
    return 0;
  }
  const [file, second] = positionals;
  if (values['seal-keys'] !== undefined && values.evidence === undefined)
    throw new Misuse('--seal-keys without --evidence');
  if (values.evidence !== undefined) return runEvidence(values, positionals);
  if (file === undefined) throw new Misuse('FILE is missing: the signature to verify');
  if (values['ocsp-nonce'] !== undefined && values.ocsp === undefined)
    throw new Misuse('--ocsp-nonce without --ocsp');
  const rules = rulesOf(values);
  if (second === undefined && !isFolder(file)) return verifyFile(file, rules, values);
  for (const option of ['content', 'ocsp'] as const) {
    if (values[option] !== undefined) throw new Misuse(`--${option} belongs to one message, not to several`);
  }
  const files = positionals.flatMap((path) => (isFolder(path) ? messagesIn(path) : [path]));
  if (files.length === 0)
    throw new Misuse(`no message (${MESSAGE_ENDINGS.join(' ')}) in ${positionals.join(' ')}`);
  return verifyMany(files, rules);
}

function runEvidence(values: Values, positionals: readonly string[]): number {
  const foreign = (['content', 'ocsp', 'ocsp-nonce', 'time-stamp', 'all', 'no-revocation'] as const).find(
    (name) => values[name] !== undefined && values[name] !== false,
  );
  if (foreign !== undefined) throw new Misuse(`--${foreign} does not go with --evidence`);
  if (positionals.length > 0) throw new Misuse('FILE is what --evidence names: no message beside it');
  const rules = rulesOf(values);
  const trust = createTrust(rules.certificates);
  return verifyEvidenceFile(values, rules, trust, loadAll(rules, trust));
}

/** Lists that cannot be used are named on stderr and count as not given. */
function loadAll({ lists, allowGost2004 }: BulkRules, trust: Trust): readonly Crl[] {
  return lists.flatMap((path): readonly Crl[] => {
    const loaded = loadCrl(readFile(path), trust, allowGost2004);
    if (loaded.ok) return [loaded.crl];
    process.stderr.write(`nca-verify: ${path}: left out, ${loaded.detail}\n`);
    return [];
  });
}

/** Verifies one message. */
function verifyFile(file: string, rules: BulkRules, values: Values): number {
  const { certificates, lists: _, all, at, timeStamp, ...given } = rules;
  const trust = createTrust(certificates);
  const crls = loadAll(rules, trust);
  const nonce = readNonce(values['ocsp-nonce']);
  const ocsp = values.ocsp === undefined ? undefined : { response: readFile(values.ocsp), nonce };
  if (all && ocsp !== undefined) throw new Misuse('--ocsp is about one signer, and --all judges several');
  const content = values.content === undefined ? undefined : readFile(values.content);
  const message = readMessage(file, rules.maxBytes);
  const request = { ...given, ...moment(at, timeStamp), message, content, trust, crls, claims: true };
  if (all) {
    const judged = verifyAll(request);
    process.stdout.write(`${values.json ? JSON.stringify(allAsObject(judged)) : allAsText(judged)}\n`);
    return judged.ok ? 0 : 1;
  }
  const verdict = verify({ ...request, ocsp });
  process.stdout.write(`${values.json ? JSON.stringify(asObject(verdict)) : asText(verdict)}\n`);
  return verdict.ok ? 0 : 1;
}

/** Runs the command with its arguments and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  try {
    return command === 'serve' ? await serve(rest) : await run(args);
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    process.stderr.write(`nca-verify: ${error.message}\n\n${usage()}`);
    return 2;
  }
}
