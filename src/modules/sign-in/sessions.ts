import { tokenHash } from '../../keys.ts';
import type { SessionReader } from '../../session.ts';
import type { SessionLimits, SessionStore } from './ports.ts';

/** Reads sessions by the secret of their cookie; only its hash goes to the store. */
export function sessionReader(store: SessionStore, limits: SessionLimits): SessionReader {
  return { read: (token) => store.read(tokenHash(token), limits) };
}
