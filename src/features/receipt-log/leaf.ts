import type { SealedContent } from '../receipt-seal/sealed-content.ts';
import { leafHash } from './merkle.ts';

/** What of a receipt never changes, and so goes into the log. */
export type LoggedChange = Pick<SealedContent, 'number' | 'madeAt' | 'document' | 'changes' | 'proof'>;

/** The leaf of a change. @param salt 16 random bytes, so that nobody can try what it might say */
export function leafOf(salt: Buffer, change: LoggedChange): Buffer {
  const { number, madeAt, document, changes, proof } = change;
  const values = changes.map(({ field, old, new: value }) => [field, old, value]);
  const content = JSON.stringify([number, madeAt, document, proof, values]);
  return leafHash(Buffer.concat([salt, Buffer.from(content)]));
}
