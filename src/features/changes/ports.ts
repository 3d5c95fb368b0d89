import type { IdentityDocument } from '../../fund/port.ts';
import type { DeliveryRefusal } from '../../fund/refusals.ts';
import type { Iin } from '../../values/iin.ts';
import type { AddressProvenance, FieldName, StoredRequisites } from '../requisites/ports.ts';

/** One field of a change. */
export interface ChangeEntry {
  readonly field: FieldName;
  readonly old: string | null;
  readonly new: string | null;
}

export type Proof = 'password-session' | 'eds-session' | 'codes' | 'eds' | 'branch';

/** A change ready to be saved. */
export interface NewChange {
  readonly holderId: string;
  readonly iin: Iin;
  readonly formId: string;
  /** SHA-256 of everything the form sent that matters. */
  readonly formHash: Buffer;
  /** The revision the person saw. */
  readonly revision: number;
  readonly number: string;
  readonly proof: Proof;
  /** Null when the fund could not say which documents there are. */
  readonly document: IdentityDocument | null;
  readonly entries: readonly ChangeEntry[];
  /** With a new address only. */
  readonly addressSource: AddressProvenance | null;
  readonly requestId: string;
  /** The session it is made in; nothing is saved once that has ended. */
  readonly sessionHash: Buffer;
}

export type SaveOutcome =
  | { readonly kind: 'saved'; readonly number: string }
  /** Another change came first: nothing was written. */
  | { readonly kind: 'conflict'; readonly stored: StoredRequisites }
  /** This form was saved before with other values: nothing was written. */
  | { readonly kind: 'form-reused' };

/** A saved change as its receipt shows it. */
export interface SavedChange {
  readonly number: string;
  readonly madeAt: Date;
  readonly proof: Proof;
  readonly document: IdentityDocument | null;
  readonly entries: readonly ChangeEntry[];
  readonly delivery: /** `late`: it has waited so long that something must be down. */
    | { readonly state: 'sending'; readonly late: boolean }
    | { readonly state: 'applied'; readonly at: Date }
    | { readonly state: 'refused'; readonly reason: DeliveryRefusal };
}

/** The holder's last change, when the fund did not take it. */
export interface UndeliveredChange {
  readonly number: string;
  readonly reason: DeliveryRefusal;
}
