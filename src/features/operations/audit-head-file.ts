import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { KeptAuditHead } from './audit.ts';
import type { AuditHead } from './audit-store.ts';

/** A head of the log as one line, for a file or a terminal. */
export function headLine({ seal, sealedAt, head }: AuditHead): string {
  return `seal ${seal} ${sealedAt} ${head}`;
}

/**
 * Appends each new head to a file in a place where administrators of the database cannot write. A
 * line is appended in one write, so several processes may share the file. A file that cannot be
 * written is reported and delays nothing.
 */
export function createHeadFile(
  file: string | undefined,
  onError: (error: Error) => void,
): (head: AuditHead) => void {
  return (head) => {
    if (file === undefined) return;
    try {
      appendFileSync(file, `${headLine(head)}\n`, { mode: 0o600 });
    } catch (error) {
      onError(error as Error);
    }
  };
}

/** The last head in a file, or in the text itself. Undefined when there is none. */
export function readHead(fileOrText: string): KeptAuditHead | undefined {
  const kept = existsSync(fileOrText) ? readFileSync(fileOrText, 'utf8') : fileOrText;
  const found = [...kept.matchAll(/(?:\bseal ([0-9]+) \S+ )?\b([0-9a-f]{64})\b/gi)].at(-1);
  if (!found?.[2]) return undefined;
  return { head: found[2].toLowerCase(), seal: found[1] === undefined ? undefined : Number(found[1]) };
}

/** The last head in the file that the service keeps. Undefined when there is none. */
export function readKeptHead(file: string | undefined): KeptAuditHead | undefined {
  return file !== undefined && existsSync(file) ? readHead(file) : undefined;
}
