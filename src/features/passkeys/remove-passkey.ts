import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import { concludeFactorChange } from '../second-step/factor-change.ts';
import { deletePasskey } from './store.ts';

/**
 * Removes a passkey. The other sessions of its holder end, and every channel is told.
 * @returns false when the holder has no such passkey
 */
export function removePasskey(
  database: Database,
  actor: Pick<Actor, 'holderId' | 'sessionHash' | 'requestId'>,
  credentialId: Buffer,
): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    const name = await deletePasskey(transaction, actor.holderId, credentialId);
    if (name === undefined) return false;
    await concludeFactorChange(transaction, actor, {
      notice: 'factor-removed',
      event: 'passkey-removed',
      detail: { name },
    });
    return true;
  });
}
