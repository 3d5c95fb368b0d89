import type { Database } from '../../platform/postgres/database.ts';
import type { TimeStamper } from '../eds/verifier.ts';
import { isAnyDue } from './store.ts';

export interface KeepSealedDeps {
  readonly database: Database;
  readonly timeStamper: TimeStamper | undefined;
  /** The keys that seal receipts, as `readSealKeys` takes them. */
  readonly receiptKeys: readonly [string, ...string[]] | undefined;
}

/**
 * Seals what has no seal, and again what has an old one, so that nobody has to remember it. Any
 * process may do it. Does nothing where there is neither an authority nor a key.
 * @throws when the authority gives no seal that is right; the next pass tries again
 */
export async function keepSealed({ database, timeStamper, receiptKeys }: KeepSealedDeps): Promise<void> {
  if (!(timeStamper || receiptKeys) || !(await isAnyDue(database))) return;
  // Loaded only here: it takes time at the start, and memory.
  const { resealEvidence, sealByKey, sealByTimeStamp } = await import('./reseal.ts');
  const { readSealKeys } = await import('../receipt-seal/seal-keys.ts');
  const sealer = timeStamper
    ? sealByTimeStamp(timeStamper)
    : receiptKeys && sealByKey(await readSealKeys(receiptKeys), database);
  if (!sealer) return;
  const sealed = await resealEvidence(database, {
    sealer,
    which: 'due',
    hash: 'sha256',
    awaitTimeStamps: timeStamper !== undefined,
  });
  if (!sealed.ok && sealed.reason !== 'busy') throw new Error(`no seal of evidence: ${sealed.reason}`);
}
