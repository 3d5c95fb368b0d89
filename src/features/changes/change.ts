import type { IdentityDocument } from '../../fund/port.ts';
import type { DeliveryRefusal } from '../../fund/refusals.ts';
import { type FieldName, showIfPresent } from '../requisites/fields/fields.ts';

/** One field of a change. */
export interface ChangeEntry {
  readonly field: FieldName;
  readonly old: string | null;
  readonly new: string | null;
}

/** Old and new values side by side, as people read them. @param names the word for each field */
export function changeRows(names: Readonly<Record<FieldName, string>>, entries: readonly ChangeEntry[]) {
  return entries.map(({ field, old, new: value }) => ({
    field: names[field],
    before: showIfPresent(field, old),
    after: showIfPresent(field, value),
  }));
}

export type Proof =
  | 'password-session'
  | 'passkey-session'
  | 'eds-session'
  | 'phone-session'
  | 'codes'
  | 'passkey'
  | 'eds'
  | 'branch'
  /** The database had lost it, and the fund still had it. */
  | 'restored';

/** A saved change as its receipt shows it. */
export interface SavedChange {
  readonly changeId: string;
  readonly number: string;
  readonly madeAt: Date;
  readonly proof: Proof;
  readonly document: IdentityDocument | null;
  readonly entries: readonly ChangeEntry[];
  /** When its holder made a change that was recorded again. Null: `madeAt` is that. */
  readonly firstMadeAt: Date | null;
  readonly delivery: /** `late`: the change has waited so long that something must be down. */
    | { readonly state: 'sending'; readonly late: boolean }
    | { readonly state: 'applied'; readonly at: Date }
    | { readonly state: 'refused'; readonly reason: DeliveryRefusal };
}

/** The holder's last change, when the fund refused it. */
export interface UndeliveredChange {
  readonly number: string;
  readonly reason: DeliveryRefusal;
}
