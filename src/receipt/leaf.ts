import { fromHex, sha256 } from './bytes.ts';
import { leafPrefix } from './path.ts';
import type { SealedContent } from './sealed-content.ts';

/** What of a receipt never changes, and so goes into the log. */
export type LoggedChange = Pick<SealedContent, 'number' | 'madeAt' | 'document' | 'changes' | 'proof'>;

/**
 * What the leaf of a change is the hash of.
 * @param salt 16 random bytes, so that nobody can try what it might say
 */
export function leafContent(salt: Uint8Array, change: LoggedChange): Uint8Array {
  const { number, madeAt, document, changes, proof } = change;
  const values = changes.map(({ field, old, new: value }) => [field, old, value]);
  const content = new TextEncoder().encode(JSON.stringify([number, madeAt, document, proof, values]));
  const leaf = new Uint8Array(salt.length + content.length);
  leaf.set(salt);
  leaf.set(content, salt.length);
  return leaf;
}

/** The leaf of a receipt in the log. Undefined when it has none. */
export async function leafOf({ log, ...change }: SealedContent): Promise<Uint8Array | undefined> {
  return log === null ? undefined : sha256(leafPrefix, leafContent(fromHex(log.salt), change));
}
