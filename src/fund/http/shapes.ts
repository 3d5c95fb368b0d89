import { z } from 'zod';
import { eachField } from '../../features/requisites/fields/fields.ts';
import { accountKinds, documentTypes, notificationMethods } from '../port.ts';

/**
 * The parts that the fund's data have in common, as lines of a file or over HTTP. Values on file
 * may break today's rules.
 */

/** PostgreSQL cannot store U+0000 or half of a surrogate pair. */
export const storable = /^[^\0\p{Surrogate}]*$/u;

const text = z.string().max(1000).regex(storable, 'has a character that cannot be stored');
export const filled = text.min(1);
/** Absent, null and empty are the same. */
export const optional = text.nullish().transform((value) => value || null);

export const documentShape = {
  id: filled,
  type: z.enum(documentTypes),
  series: optional,
  number: filled,
  issuedOn: z.iso.date(),
  validUntil: z.iso.date(),
  issuedBy: filled,
};

export const accountShape = {
  kind: z.enum(accountKinds),
  number: filled,
  notification: z
    .enum(notificationMethods)
    .nullish()
    .transform((value) => value ?? null),
};

export const requisitesShape = eachField(() => optional);
