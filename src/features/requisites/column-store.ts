import { type Sql, sql } from '../../platform/postgres/sql.ts';
import type { ChangeEntry } from '../changes/change.ts';
import type { FieldName, Requisites } from './ports.ts';

/** The column of each field; a new field is one entry here and one migration. */
const columns = {
  address: sql`address`,
  apartment: sql`apartment`,
  postcode: sql`postcode`,
  homePhone: sql`home_phone`,
  contactPhone: sql`contact_phone`,
  mobilePhone: sql`mobile_phone`,
  email: sql`email`,
} as const satisfies Record<FieldName, Sql>;

/** The requisites of a row of `cabinet.requisites`, named as in the code. */
export const currentValues = sql`jsonb_build_object('address', address, 'apartment', apartment, 'postcode', postcode,
  'homePhone', home_phone, 'contactPhone', contact_phone, 'mobilePhone', mobile_phone, 'email', email)`;

/** What a change sets in a row of `cabinet.requisites`, with a comma after each. */
export function assignments(entries: readonly ChangeEntry[]): Sql {
  return entries.reduce(
    (all, { field, new: value }) => sql`${all}${columns[field]} = ${value}, ${since(field)}`,
    sql``,
  );
}

/** How long a mobile or e-mail has stood is known from the moment it was set. */
function since(field: FieldName): Sql {
  if (field === 'mobilePhone') return sql`mobile_since = now(), mobile_wait_hours = null, `;
  if (field === 'email') return sql`email_since = now(), email_wait_hours = null, `;
  return sql``;
}

/** What `fields` would change in `current`. */
export function differences(current: Requisites, fields: Partial<Requisites>): ChangeEntry[] {
  return (Object.keys(columns) as FieldName[]).flatMap((field) => {
    const value = fields[field];
    return value === undefined || value === current[field]
      ? []
      : [{ field, old: current[field], new: value }];
  });
}
