import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { SessionSettings } from '../sign-in/settings.ts';
import {
  endChosenSession,
  endSessionsBeside,
  endTrust,
  type HolderSession,
  listSessions,
  listTrusted,
  type TrustedBrowser,
} from './store.ts';

export interface HolderSessionsDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly sessionSettings: SessionSettings;
}

/** Who ends sessions, and the session in which they do so. */
export interface SessionActor {
  readonly holderId: string;
  readonly hash: Buffer;
  readonly requestId: string;
}

/**
 * A name for a session that reveals nothing about its cookie, even to somebody with a dump of the
 * database.
 */
export function sessionName(keys: Keys, { hash }: Pick<HolderSession, 'hash'>): string {
  return keys.sign('session name', hash.toString('hex')).subarray(0, 16).toString('base64url');
}

/**
 * Ends one session of a holder. Returns false when none of theirs has this name. Sessions of other
 * people have no valid name here.
 */
export async function endSession(
  { database, keys, sessionSettings }: HolderSessionsDeps,
  { holderId, requestId }: Omit<SessionActor, 'hash'>,
  name: string,
): Promise<boolean> {
  const sessions = await listSessions(database, holderId, sessionSettings);
  const named = sessions.find((session) => sessionName(keys, session) === name);
  if (!named) return false;
  await endChosenSession(database, holderId, named.hash, requestId);
  return true;
}

/** A name for a browser that is not asked for the second step. It reveals nothing of its cookie. */
export function browserName(keys: Keys, { mark }: Pick<TrustedBrowser, 'mark'>): string {
  return keys.sign('browser name', mark.toString('hex')).subarray(0, 16).toString('base64url');
}

/** Asks for the second step in one browser again. Returns false when none of theirs has this name. */
export async function distrust(
  { database, keys }: Pick<HolderSessionsDeps, 'database' | 'keys'>,
  { holderId, requestId }: Omit<SessionActor, 'hash'>,
  name: string,
): Promise<boolean> {
  const browsers = await listTrusted(database, holderId);
  const named = browsers.find((browser) => browserName(keys, browser) === name);
  if (!named) return false;
  await endTrust(database, holderId, named.mark, requestId);
  return true;
}

/** Ends every session of a holder except the current one. */
export function endOthers(database: Database, { holderId, hash, requestId }: SessionActor): Promise<void> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holderId);
    await endSessionsBeside(transaction, holderId, hash, requestId);
  });
}
