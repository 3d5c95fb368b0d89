import type { Keys } from '../../platform/keys.ts';

const purpose = 'authenticator';

/** A secret as it is stored, and the name of the key that sealed it. */
export interface SealedSecret {
  readonly secret: Buffer;
  readonly sealedBy: Buffer;
}

/** Seals a secret for one holder. In the row of another it does not open. */
export function sealAppSecret(keys: Keys, holderId: string, secret: string): SealedSecret {
  return { secret: keys.seal(purpose, holderId, secret), sealedBy: keyNames(keys)[0] };
}

/**
 * Opens the secret of a holder.
 * @throws when it was altered, belongs to another holder, or its key is gone
 */
export function openAppSecret(keys: Keys, holderId: string, sealed: Buffer): string {
  const secret = keys.open(purpose, holderId, sealed);
  if (secret === undefined) throw new Error('the secret of an authenticator cannot be opened');
  return secret;
}

/** The same secret under the key that seals now. Undefined when it cannot be opened. */
export function resealed(keys: Keys, holderId: string, sealed: Buffer): SealedSecret | undefined {
  const secret = keys.open(purpose, holderId, sealed);
  return secret === undefined ? undefined : sealAppSecret(keys, holderId, secret);
}

/** The names of the service's keys, the one that seals now first. A name reveals no key. */
export function keyNames(keys: Keys): readonly [Buffer, ...Buffer[]] {
  return keys.signAll('name of a key', purpose) as readonly [Buffer, ...Buffer[]];
}
