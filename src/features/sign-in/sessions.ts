import { tokenHash } from '../../platform/keys.ts';
import type { SessionReader } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import type { HolderDirectory, SessionLimits, SessionStore } from './ports.ts';

export interface SessionReaderDeps {
  readonly store: Pick<SessionStore, 'read' | 'endAll' | 'former'>;
  readonly directory: HolderDirectory;
}

/**
 * Reads sessions by the secret of their cookie; only its hash goes to the store. Every half minute of a session the fund, or
 * what it said last, is asked whether its holder may still come in; when not, all sessions of the holder end. While nobody can say, the
 * session goes on: its requisites are ours (docs/decisions/061).
 */
export function createSessionReader(
  { store, directory }: SessionReaderDeps,
  limits: SessionLimits,
): SessionReader {
  return {
    async read(token, active) {
      const state = await store.read(tokenHash(token), limits, active);
      if (state.kind !== 'live' || !state.askStatus) return state;
      const { iin, holderId } = state.session;
      const person = await directory.find(iin as Iin);
      if (person === 'unavailable' || person?.status === 'active') return state;
      await store.endAll(holderId, 'blocked');
      return { kind: 'closed' };
    },
    former: (name) => store.former(name),
  };
}
