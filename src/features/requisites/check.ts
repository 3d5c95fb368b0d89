import { isBlank } from '../../values/cleaning.ts';
import type { Refusal } from '../../values/result.ts';
import type { ChangeEntry } from '../changes/change.ts';
import type { ContactReason } from '../contact-change/standing.ts';
import { channels } from '../notices/channel.ts';
import { needsDocument } from './documents.ts';
import type { FieldRules } from './fields/field.ts';
import {
  channelFields,
  type FieldName,
  fields,
  isAsShown,
  type Requisites,
  type ValueReason,
} from './fields/fields.ts';
import type { Typed } from './form.ts';
import type { RequisitesView } from './view.ts';

/** Why a form is refused, as keys of the texts. */
export type FormReason =
  | ValueReason
  | ContactReason
  | 'addressRequired'
  | 'contactMustRemain'
  | 'documentNotValid';

export type FieldErrors = ReadonlyMap<FieldName | 'document', Refusal<FormReason>>;

/** What a form would change, and everything that is wrong with it. */
export interface Checked {
  readonly entries: readonly ChangeEntry[];
  readonly errors: FieldErrors;
}

/**
 * Checks every field that differs both from what the form showed and from what is stored. Values
 * already on file are not checked against today's rules.
 */
export function checkForm(
  view: RequisitesView,
  typed: Typed,
  rules: FieldRules,
  /** The values that the form showed. */
  shown: Requisites = view.stored.values,
): Checked {
  const stored = view.stored.values;
  const errors = new Map<FieldName | 'document', Refusal<FormReason>>();
  const entries: ChangeEntry[] = [];
  if (needsDocument(view) && !view.validDocuments.some(({ id }) => id === typed.document))
    errors.set('document', { ok: false, reason: 'documentNotValid' });

  for (const field of fields) {
    const old = stored[field.name];
    const text = typed[field.name];
    if (isAsShown(field.name, text, shown[field.name]) || isAsShown(field.name, text, old)) continue;
    if (isBlank(text)) {
      entries.push({ field: field.name, old, new: null });
      continue;
    }
    const parsed = field.parse(text, rules);
    if (!parsed.ok) errors.set(field.name, parsed);
    else if (old === null || !field.same(old, parsed.value, rules)) {
      entries.push({ field: field.name, old, new: parsed.value });
    }
  }
  checkTogether(stored, entries, errors);
  return { entries, errors };
}

/**
 * Rules that concern several fields: an apartment or a postcode needs an address, and one contact
 * must remain.
 */
function checkTogether(
  stored: Requisites,
  entries: readonly ChangeEntry[],
  errors: Map<FieldName | 'document', Refusal<FormReason>>,
): void {
  const after: Requisites = {
    ...stored,
    ...Object.fromEntries(entries.map((entry) => [entry.field, entry.new])),
  };
  const isChanged = (name: FieldName): boolean => entries.some(({ field }) => field === name);
  const ofAddress = fields.flatMap(({ name, input }) => (input.block === 'address' ? [name] : []));
  if (
    ofAddress.some(isChanged) &&
    after.address === null &&
    !errors.has('address') &&
    ofAddress.some((name) => after[name] !== null)
  ) {
    errors.set('address', { ok: false, reason: 'addressRequired' });
  }
  const contacts = channels.map((channel) => channelFields[channel]);
  const isReachable = (values: Requisites) => contacts.some((name) => values[name] !== null);
  if (isReachable(stored) && !isReachable(after)) {
    for (const name of contacts.filter(isChanged))
      errors.set(name, { ok: false, reason: 'contactMustRemain' });
  }
}
