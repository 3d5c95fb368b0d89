import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** An ECDSA key on P-256, as `RECEIPT_KEYS` takes it. */
export function newReceiptKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

/** A key as `SECRET_KEYS` takes it. */
export function newSecretKey(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * A key of an installation that was given none. It is made at the first start; only its owner can
 * read it.
 */
export function keptKey(path: string, make: () => string): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // With "wx", when two processes start at once, the second reads what the first wrote.
    try {
      writeFileSync(path, make(), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(path, 'utf8').trim();
}
