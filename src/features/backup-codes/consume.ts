import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { type BackupCode, splitCode } from './backup-code.ts';
import { findBackupCode, markBackupCodeUsed, type StoredBackupCode } from './store.ts';

/**
 * Compares a code with the set of a holder, and uses it up. The caller has counted the try. One
 * hash is checked, whether there is a code with this label or not.
 * @param meanings what was typed, as `readCode` reads it
 * @returns whether the code is right and was not used before
 */
export async function consumeBackupCode(
  { database, hasher }: { readonly database: Database; readonly hasher: PasswordHasher },
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
  meanings: readonly string[],
): Promise<boolean> {
  const typed = meanings.map(splitCode);
  const labels = typed.map(({ label }) => label);
  const stored = await findBackupCode(database, holderId, labels);
  const { secret } = (typed.find(({ label }) => label === stored?.label) ?? typed[0]) as BackupCode;
  const right = await hasher.verify(stored?.hash, secret);
  return right && stored !== undefined && spendBackupCode(database, { holderId, requestId }, stored);
}

/**
 * Uses a code up, and says so to its holder. Returns true for exactly one caller.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function spendBackupCode(
  database: Database,
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
  stored: StoredBackupCode,
): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holderId);
    if (!(await markBackupCodeUsed(transaction, holderId, stored))) return false;
    await recordEvent(transaction, { holderId, kind: 'backup-code-used', requestId });
    await notifyHolder(transaction, holderId, 'backup-code-used');
    return true;
  });
}
