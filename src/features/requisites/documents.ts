import type { IdentityDocument } from '../../fund/port.ts';
import type { RequisitesView } from './view.ts';

/** Nothing can be saved, because a change must name a valid document and there is none. */
export function cannotSave(view: Parameters<typeof needsDocument>[0]): boolean {
  return needsDocument(view) && view.validDocuments.length === 0;
}

/** The facts about the person, and today's date. */
type Known = Pick<RequisitesView, 'person' | 'stored'>;

/**
 * True from the day of issue to the last day of validity, both included. Dates are `YYYY-MM-DD`. A
 * missing date sets no limit.
 */
export function isValidOn({ issuedOn, validUntil }: IdentityDocument, day: string): boolean {
  return (issuedOn === null || issuedOn <= day) && (validUntil === null || day <= validUntil);
}

/**
 * The valid documents of a type that this service does not know. They are shown and cannot be
 * chosen.
 */
export function otherDocuments({ person, stored }: Known): IdentityDocument[] {
  const documents = person?.documents ?? [];
  return documents.filter((document) => document.type === 'other' && isValidOn(document, stored.today));
}

/**
 * Whether a change must name a document. It need not when there is none to choose for a reason that
 * is not the person's. The fund may not answer, may have a document of a new type, or may have sent
 * one that could not be read.
 */
export function needsDocument(view: Known & Pick<RequisitesView, 'validDocuments'>): boolean {
  if (!view.person) return false;
  if (view.validDocuments.length > 0) return true;
  return view.person.unreadDocuments !== true && otherDocuments(view).length === 0;
}
