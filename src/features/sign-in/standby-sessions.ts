import { tokenHash } from '../../platform/keys.ts';
import type { Standby, StandbyReading } from '../../platform/postgres/standby.ts';
import type { StandbySessions } from '../../platform/session.ts';
import { readSession } from './session-store.ts';
import type { SessionSettings } from './settings.ts';

/**
 * Reads sessions from a standby while the leader is away. Only a session that is live there is
 * found: one that has ended stays ended, and one that began too late to be there has to wait.
 */
export function createStandbySessions(
  standby: Standby,
  sessionSettings: SessionSettings,
): StandbySessions<StandbyReading> {
  return {
    leaderIsAway: standby.leaderIsAway,
    async read(token) {
      const reading = await standby.read();
      if (!reading) return undefined;
      const state = await readSession(reading.database, tokenHash(token), sessionSettings, 'only-read').catch(
        () => undefined,
      );
      if (state?.kind === 'live') return { session: state.session, standby: reading };
      reading.release();
      return undefined;
    },
  };
}
