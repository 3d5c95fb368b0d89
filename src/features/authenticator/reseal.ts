import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { keyNames, resealed } from './sealed-secret.ts';
import { listSealedBy, replaceSealed } from './store.ts';

/**
 * Seals with today's key what a former key has sealed, so that the former one can go. It works in
 * portions, each secret in a statement of its own, and several processes may do it at once.
 * @returns how many were sealed again
 * @throws after all the others when some cannot be opened
 */
export async function resealAuthenticators(
  { database, keys }: { readonly database: Database; readonly keys: Keys },
  { portion = 500, signal }: { readonly portion?: number; readonly signal?: AbortSignal } = {},
): Promise<number> {
  const [, ...former] = keyNames(keys);
  if (former.length === 0) return 0;
  let done = 0;
  const closed: string[] = [];
  while (!signal?.aborted && closed.length < portion) {
    const found = await listSealedBy(database, former, { without: closed, most: portion });
    for (const { holderId, secret } of found) {
      const next = resealed(keys, holderId, secret);
      if (next) await replaceSealed(database, holderId, secret, next);
      if (next) done += 1;
      else closed.push(holderId);
    }
    if (found.length < portion) break;
  }
  if (closed.length > 0) throw new Error(`${closed.length} secrets of authenticators cannot be opened`);
  return done;
}
