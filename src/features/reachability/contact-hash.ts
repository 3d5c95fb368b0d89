import { createHash } from 'node:crypto';

/** The name of a number or an e-mail address in `cabinet.contact_state`. */
export function contactHash(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
