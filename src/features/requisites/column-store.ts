import { identifier, label, listed, type Sql, sql } from '../../platform/postgres/sql.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { channelOf, eachField, type FieldName, fields, type Requisites } from './fields/fields.ts';

/** The column of each field in `cabinet.requisites`. */
const columns = eachField(({ column }) => identifier(column));

/** The columns of the fields, in the order of the list. */
export const fieldColumns = listed(fields.map(({ name }) => columns[name]));

/** The same columns, each under the name of its field. */
export const namedColumns = listed(fields.map(({ name }) => sql`${columns[name]} as ${label(name, '"')}`));

/** The requisites of a row of `cabinet.requisites` as one object, named as in the code. */
export const currentValues = sql`jsonb_build_object(${listed(
  fields.map(({ name }) => sql`${label(name, "'")}, ${columns[name]}`),
)})`;

/** The values for `fieldColumns`. */
export function columnValues(requisites: Requisites): Sql {
  return listed(fields.map(({ name }) => sql`${requisites[name]}`));
}

/** The assignments of a change to a row of `cabinet.requisites`, with a comma after each. */
export function assignments(entries: readonly ChangeEntry[]): Sql {
  return entries.reduce(
    (all, { field, new: value }) => sql`${all}${columns[field]} = ${value}, ${since(field)}`,
    sql``,
  );
}

/** Stores when a mobile or e-mail was set, because the waiting times count from then. */
function since(field: FieldName): Sql {
  const channel = channelOf(field);
  if (channel === undefined) return sql``;
  return sql`${identifier(`${channel}_since`)} = now(), ${identifier(`${channel}_wait_hours`)} = null, `;
}

/** What `values` would change in `current`. */
export function differences(current: Requisites, values: Partial<Requisites>): ChangeEntry[] {
  return fields.flatMap(({ name }) => {
    const value = values[name];
    return value === undefined || value === current[name]
      ? []
      : [{ field: name, old: current[name], new: value }];
  });
}
