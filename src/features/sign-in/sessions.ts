import type { KnownPersonDeps } from '../../fund/known-person.ts';
import { tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { SessionReader } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import { findHolder } from './holder-status.ts';
import { endSessions, findFormerSession, readSession, type SessionsEndReason } from './session-store.ts';
import type { SessionSettings } from './settings.ts';

export interface SessionReaderDeps extends KnownPersonDeps {
  readonly sessionSettings: SessionSettings;
  readonly database: Database;
}

/**
 * Reads sessions by the secret of their cookie; only its hash goes to the database. Every half
 * minute of a session the fund, or what it said last, is asked whether its holder may still come
 * in; when not, all sessions of the holder end. While nobody can say, the session goes on: its
 * requisites are ours (docs/decisions/061).
 */
export function createSessionReader(deps: SessionReaderDeps): SessionReader {
  const { database } = deps;
  return {
    async read(token, active) {
      const state = await readSession(database, tokenHash(token), deps.sessionSettings, active);
      if (state.kind !== 'live' || !state.askStatus) return state;
      const { iin, holderId } = state.session;
      const person = await findHolder(deps, iin as Iin);
      if (person === 'unavailable' || person?.status === 'active') return state;
      await endAllSessions(database, holderId, 'blocked');
      return { kind: 'closed' };
    },
    former: (name) => findFormerSession(database, name),
  };
}

/** Ends all sessions of a holder; returns how many. */
export function endAllSessions(
  database: Database,
  holderId: string,
  reason: Extract<SessionsEndReason, 'blocked' | 'operator'>,
): Promise<number> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holderId);
    return endSessions(transaction, holderId, reason);
  });
}
