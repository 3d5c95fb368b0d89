import type { IdentityDocument } from '../../fund/port.ts';
import type { RequisitesView } from './view.ts';

/** What is known of the person and of today. */
type Known = Pick<RequisitesView, 'person' | 'stored'>;

/**
 * True from the day of issue to the last day of validity, both included. Dates are `YYYY-MM-DD`;
 * one that is not set is no limit.
 */
export function isValidOn({ issuedOn, validUntil }: IdentityDocument, day: string): boolean {
  return (issuedOn === null || issuedOn <= day) && (validUntil === null || day <= validUntil);
}

/** The valid documents of a type that the cabinet does not know: shown, and not to be chosen. */
export function otherDocuments({ person, stored }: Known): IdentityDocument[] {
  const documents = person?.documents ?? [];
  return documents.filter((document) => document.type === 'other' && isValidOn(document, stored.today));
}

/**
 * Whether a change must name a document. Not where there is none to choose and the reason is not
 * the person's: the fund does not answer, or has a document of a new type, or one that could not be
 * read.
 */
export function needsDocument(view: Known & Pick<RequisitesView, 'validDocuments'>): boolean {
  if (!view.person) return false;
  if (view.validDocuments.length > 0) return true;
  return view.person.unreadDocuments !== true && otherDocuments(view).length === 0;
}
