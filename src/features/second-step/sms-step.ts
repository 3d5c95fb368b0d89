import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import { concludeFactorChange } from './factor-change.ts';
import { readStepStanding, writeSmsAllowed } from './store.ts';

export interface SmsStepDeps {
  readonly database: Database;
  readonly contactSettings: ContactSettings;
}

/**
 * Allows codes by SMS as a second step, or no longer.
 * @returns false when they cannot be allowed: no mobile is on file, or it is too fresh
 */
export function changeSmsStep(
  { database, contactSettings: { waitHours } }: SmsStepDeps,
  actor: Actor,
  allowed: boolean,
): Promise<boolean> {
  const { holderId } = actor;
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    const standing = await readStepStanding(transaction, holderId, { marks: [], waitHours });
    if (standing.smsAllowed === allowed) return true;
    if (allowed && (standing.mobile === null || standing.mobileFreshUntil !== null)) return false;
    await writeSmsAllowed(transaction, holderId, allowed);
    await concludeFactorChange(
      transaction,
      actor,
      allowed
        ? { notice: 'factor-added', event: 'sms-step-allowed' }
        : { notice: 'factor-removed', event: 'sms-step-withdrawn' },
    );
    return true;
  });
}
