import { randomName } from '../../platform/keys.ts';

/** Codes of one set. */
const backupCodeCount = 10;

/** Characters of a code, and how many of them only find its row. */
const length = { whole: 10, label: 2 } as const;

/** A code in the two parts in which it is stored. */
export interface BackupCode {
  /** Finds the row, so that one hash is checked for a try. */
  readonly label: string;
  /** 40 bits, of which only the hash is stored. */
  readonly secret: string;
}

/** A set of new codes whose labels differ. */
export function createCodeSet(): readonly BackupCode[] {
  const codes = new Map<string, BackupCode>();
  while (codes.size < backupCodeCount) {
    const code = splitCode(randomName(length.whole));
    codes.set(code.label, code);
  }
  return [...codes.values()];
}

/** Divides a code, as `readCode` reads it. */
export function splitCode(code: string): BackupCode {
  return { label: code.slice(0, length.label), secret: code.slice(length.label) };
}

/** A code as it is printed: `AB12C-D34EF`. */
export function printedCode({ label, secret }: BackupCode): string {
  return `${label}${secret}`.replace(/^.{5}/, '$&-');
}
