import type { FundHolder } from '../../fund/port.ts';
import { isValidOn } from '../requisites/documents.ts';

/**
 * The last day on which somebody has a valid identity document. Null: there is none today, or one
 * that does not end. Undefined: some documents could not be read, so nobody knows.
 * @param today `2029-09-05`
 */
export function lastDayOf(
  { documents, unreadDocuments }: Pick<FundHolder, 'documents' | 'unreadDocuments'>,
  today: string,
): string | null | undefined {
  if (unreadDocuments) return undefined;
  const ends = documents.filter((one) => isValidOn(one, today)).map(({ validUntil }) => validUntil);
  if (ends.includes(null)) return null;
  return ends.toSorted().at(-1) ?? null;
}
