import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '../../platform/postgres/database.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { changesAfter } from '../changes/store.ts';
import type { PendingChange } from '../contact-change/pending-change.ts';
import { eachField, type FieldName, fields, isAsShown, type Requisites, showValue } from './fields/fields.ts';
import type { RequisitesView } from './view.ts';

/** Every field of the form as the text that was typed. */
export type Typed = Readonly<Record<FieldName, string>> & {
  readonly formId: string;
  readonly revision: string;
  readonly document: string;
  readonly kazpost: boolean;
};

/** The form before anything is typed. */
export function untouched(view: RequisitesView, formId: string): Typed {
  return {
    ...eachField(({ name }) => showValue(name, view.stored.values[name])),
    formId,
    revision: String(view.stored.revision),
    document: view.validDocuments[0]?.id ?? '',
    kazpost: true,
  };
}

/**
 * Whether anything in the form differs from what it showed. By default that is what is stored now.
 */
export function isTouched(
  view: RequisitesView,
  typed: Typed,
  shown: Requisites = view.stored.values,
): boolean {
  return fields.some(({ name }) => !isAsShown(name, typed[name], shown[name]));
}

/**
 * The values that a form of this revision showed, calculated from today's by undoing the changes
 * since. Today's values when the form names a revision that never existed.
 */
export async function shownBy(
  { database }: { readonly database: Database },
  holderId: string,
  { stored }: RequisitesView,
  revision: number,
): Promise<Requisites> {
  const behind = stored.revision - revision;
  if (behind <= 0) return stored.values;
  const later = await changesAfter(database, holderId, revision);
  const undone = later.filter((change) => change.revision <= stored.revision);
  if (undone.length !== behind) return stored.values;
  const former = undone.flatMap(({ entries }) => entries.map((entry) => [entry.field, entry.old] as const));
  return { ...stored.values, ...Object.fromEntries(former) };
}

/**
 * A new form over the stored values: touched fields keep what was typed, and the others show
 * today's values. The person saves it with both versions in view, so no former value comes back
 * unseen. A draft of an earlier release may lack a field.
 */
export function renewed(view: RequisitesView, typed: Partial<Typed>, shown: Requisites): Typed {
  const blank = untouched(view, randomUUID());
  const touched = fields.flatMap(({ name }) => {
    const text = typed[name];
    return text === undefined || isAsShown(name, text, shown[name]) ? [] : [[name, text] as const];
  });
  return {
    ...blank,
    ...Object.fromEntries(touched),
    document: typed.document ?? blank.document,
    kazpost: typed.kazpost ?? blank.kazpost,
  };
}

/** A pending change in the form from which it came, over the values stored now. */
export function pendingAsTyped(view: RequisitesView, pending: PendingChange, formId: string): Typed {
  const changed = pending.entries.map((entry) => [entry.field, showValue(entry.field, entry.new)]);
  return {
    ...untouched(view, formId),
    ...Object.fromEntries(changed),
    document: pending.document?.id ?? '',
  };
}

/**
 * The fields whose value differs from what the form showed, without those that the form itself
 * changes.
 */
export function changedElsewhere(
  { stored }: RequisitesView,
  shown: Requisites,
  entries: readonly ChangeEntry[],
): FieldName[] {
  const own = entries.map(({ field }) => field);
  return fields
    .map(({ name }) => name)
    .filter(
      (name) => !own.includes(name) && showValue(name, shown[name]) !== showValue(name, stored.values[name]),
    );
}

/** A hash that differs between two posts of one form when any relevant value differs. */
export function hashOf(typed: Typed): Buffer {
  const content = [typed.revision, typed.document, ...fields.map(({ name }) => typed[name])];
  return createHash('sha256').update(JSON.stringify(content)).digest();
}
