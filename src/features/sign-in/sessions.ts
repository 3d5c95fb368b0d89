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
 * Reads sessions by the secret of their cookie. Only its hash is sent to the database. Every 30
 * seconds of a session, the fund or its last answer decides whether the holder may still come in.
 * If not, all sessions of the holder end. While there is no answer the session continues, because
 * its requisites are ours (docs/decisions/061).
 */
export function createSessionReader(deps: SessionReaderDeps): SessionReader {
  const { database } = deps;
  return {
    async read(token, active, also) {
      const hash = tokenHash(token);
      const [found, reading] = also
        ? await database.batch((connection) =>
            Promise.all([
              readSession(connection, hash, deps.sessionSettings, active),
              also(connection, hash),
            ]),
          )
        : [await readSession(database, hash, deps.sessionSettings, active)];
      if (found.kind !== 'live') return found;
      const state = { ...found, reading };
      if (!state.askStatus) return state;
      const { iin, holderId } = state.session;
      const person = await findHolder(deps, iin as Iin);
      if (person === 'unavailable' || person?.status === 'active') return state;
      await endAllSessions(database, holderId, 'blocked');
      return { kind: 'closed' };
    },
    former: (name) => findFormerSession(database, name),
  };
}

/** Ends all sessions of a holder. Returns the number of them. */
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
