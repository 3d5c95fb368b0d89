/** Many messages at once, in threads. Prints a line of JSON for each, in the order of the files. */
import { availableParallelism } from 'node:os';
import type { Crl } from '../crl.ts';
import { createVerifierPool, type VerifierPool } from '../pool.ts';
import type { Requirement } from '../signer.ts';
import { Misuse, readMessage } from './options.ts';
import { allAsObject, asObject } from './print.ts';

export interface BulkRules {
  readonly certificates: readonly Uint8Array[];
  readonly lists: readonly string[];
  /** The time to judge for, or with `timeStamp` the current time. */
  readonly at: Date;
  readonly timeStamp: boolean;
  readonly require: Requirement | undefined;
  readonly revocation: 'check' | 'skip';
  readonly allowGost2004: boolean;
  readonly maxBytes: number;
  readonly all: boolean;
}

/** How a request says the time to judge for. */
export function moment(at: Date, timeStamp: boolean) {
  return timeStamp ? { at: 'time-stamp' as const, now: at } : { at };
}

/** Milliseconds for one message. The largest have 256 MB. */
const TIME_LIMIT = 120_000;
/** Milliseconds between two reports of the progress. */
const REPORT = 1000;

interface Line {
  readonly code: 0 | 1 | 2;
  readonly text: string;
}

/** Reads lists into memory that the threads share. What cannot be used is named and left out. */
export async function loadLists(
  pool: VerifierPool,
  paths: readonly string[],
  allowGost2004: boolean,
): Promise<readonly Crl[]> {
  const lists: Crl[] = [];
  for (const path of paths) {
    let detail: string;
    try {
      const loaded = await pool.loadCrl(path, allowGost2004);
      if (loaded.ok) {
        lists.push(loaded.crl);
        continue;
      }
      detail = loaded.detail;
    } catch {
      throw new Misuse(`${path}: cannot be read`);
    }
    process.stderr.write(`nca-verify: ${path}: left out, ${detail}\n`);
  }
  return lists;
}

/** Verifies all files and gives the worst exit code. */
export async function verifyMany(files: readonly string[], rules: BulkRules): Promise<number> {
  const size = availableParallelism();
  const pool = createVerifierPool({ certificates: rules.certificates, size, timeLimit: TIME_LIMIT });
  const tally = [0, 0, 0];
  const report = (end: string): void => {
    const done = tally.reduce((sum, count) => sum + count);
    process.stderr.write(
      `nca-verify: ${done} of ${files.length}: ${tally[0]} accepted, ${tally[1]} refused, ${tally[2]} unreadable${end}`,
    );
  };
  // On a terminal the line is rewritten; a log gets only the last one.
  const progress = process.stderr.isTTY ? setInterval(() => report('\r'), REPORT) : undefined;
  try {
    const crls = await loadLists(pool, rules.lists, rules.allowGost2004);
    const window: Promise<Line>[] = [];
    const print = async (): Promise<void> => {
      const line = await window.shift();
      if (line === undefined) return;
      tally[line.code] = (tally[line.code] ?? 0) + 1;
      if (!process.stdout.write(`${line.text}\n`)) await drained();
    };
    for (const file of files) {
      window.push(verifyOne(pool, file, crls, rules));
      // Enough in hand that no thread waits, and no more: a message may be large.
      if (window.length > 2 * size) await print();
    }
    while (window.length > 0) await print();
    report('\n');
  } finally {
    clearInterval(progress);
    await pool.close();
  }
  return tally.findLastIndex((count) => count > 0);
}

function drained(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once('drain', resolve);
  });
}

async function verifyOne(
  pool: VerifierPool,
  file: string,
  crls: readonly Crl[],
  rules: BulkRules,
): Promise<Line> {
  const { at, timeStamp, require, revocation, allowGost2004, maxBytes } = rules;
  try {
    const message = readMessage(file, maxBytes);
    const common = { require, revocation, allowGost2004, maxBytes, crls, claims: true };
    const request = { message, ...moment(at, timeStamp), ...common };
    const judged = rules.all
      ? allAsObject(await pool.verifyAll(request))
      : asObject(await pool.verify(request));
    return { code: judged['ok'] === true ? 0 : 1, text: JSON.stringify({ file, ...judged }) };
  } catch (error) {
    // No verdict: the file cannot be read, or the thread ended. Never counted as accepted.
    const detail = error instanceof Error ? error.message : String(error);
    return { code: 2, text: JSON.stringify({ file, ok: false, reason: null, error: detail }) };
  }
}
