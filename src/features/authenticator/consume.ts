import { type Keys, sameBytes } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { keyNames, openAppSecret, sealAppSecret } from './sealed-secret.ts';
import { consumeStep, findAuthenticator, replaceSealed } from './store.ts';
import { stepOfCode } from './totp.ts';

/** What came of a code. `used`: it is right, and was used before. */
export type AppCodeOutcome = 'right' | 'wrong' | 'used';

/**
 * Compares a code with the app of a holder, and uses it up. The caller has counted the try. A
 * secret that a former key sealed is sealed again.
 * @throws when the secret cannot be opened
 */
export async function consumeAppCode(
  { database, keys }: { readonly database: Database; readonly keys: Keys },
  holderId: string,
  code: string,
): Promise<AppCodeOutcome> {
  const stored = await findAuthenticator(database, holderId);
  if (!stored) return 'wrong';
  const secret = openAppSecret(keys, holderId, stored.secret);
  const step = stepOfCode(secret, code, stored.seconds);
  if (step === undefined) return 'wrong';
  if (!(await consumeStep(database, holderId, step))) return 'used';
  if (!sameBytes(stored.sealedBy, keyNames(keys)[0]))
    await replaceSealed(database, holderId, stored.secret, sealAppSecret(keys, holderId, secret));
  return 'right';
}
