import type { EvidenceRecord } from 'nca-verify';
import type { Database } from '../../platform/postgres/database.ts';
import { recordOperatorAct } from '../operations/operator-store.ts';
import { recordsOf } from './record.ts';
import { findSignature } from './store.ts';

/**
 * The evidence of the change with this number; undefined if it was not signed. The look is recorded
 * first, with its reason, where the holder sees it.
 */
export async function exportEvidence(
  database: Database,
  number: string,
  reason: string,
): Promise<EvidenceRecord | undefined> {
  const found = await findSignature(database, number);
  if (!found) return undefined;
  await recordOperatorAct(database, found.iin, 'looked-at', reason);
  const [record] = await recordsOf(database, [found]);
  return record;
}
