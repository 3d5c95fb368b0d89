import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { CodeRules } from '../codes/quotas.ts';
import type { ConfirmingRules } from './standing.ts';

export interface ContactChangeDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly contactRules: ContactRules;
}

export interface ContactRules extends CodeRules, ConfirmingRules {
  /** How long a channel must stand, and how long the other one rests after a change; hours. */
  readonly contactWaitHours: number;
  /** How long a channel that was signed for waits before it restores a password; hours. */
  readonly edsContactWaitHours: number;
  /** Proofs are not older than this when the change is completed; minutes. */
  readonly proofMinutes: number;
  /** A pending change is forgotten after so long; minutes. */
  readonly pendingMinutes: number;
  /** So many people may have one mobile: more, and somebody collects accounts. */
  readonly personsPerMobile: number;
}
