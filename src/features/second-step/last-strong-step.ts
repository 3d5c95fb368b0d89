import type { Queryable } from '../../platform/postgres/database.ts';
import { deleteBackupCodes } from '../backup-codes/store.ts';
import { readStrongSteps } from './store.ts';

/**
 * Prepares the removal of one strong step: a passkey, or the app. Where it is the last, the
 * password must be long enough to stand alone, and the backup codes end, which stand only beside a
 * strong step. The caller has locked the holder's row, knows that the step is there, and removes it
 * in the same transaction.
 * @returns false when the step may not go, because the password is too short without it
 */
export async function giveUpStrongStep(transaction: Queryable, holderId: string): Promise<boolean> {
  const { count, passwordSuffices } = await readStrongSteps(transaction, holderId);
  if (count > 1) return true;
  if (!passwordSuffices) return false;
  await deleteBackupCodes(transaction, holderId);
  return true;
}
