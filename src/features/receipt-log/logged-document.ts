import type { IdentityDocument } from '../../fund/port.ts';

/** A document as the seal and the log of receipts name it. */
export function loggedDocument(document: IdentityDocument | null): string | null {
  return document && [document.type, document.series, document.number].filter(Boolean).join(' ');
}
