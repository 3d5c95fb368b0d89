import type { Requisites } from '../features/requisites/fields/fields.ts';
import type { Iin } from '../values/iin.ts';
import type { FundRefusal } from './refusals.ts';

export const documentTypes = [
  'identity-card',
  'passport',
  'residence-permit',
  'stateless-certificate',
  'refugee-certificate',
] as const;

/** `other`: a type that the fund has added since. Such a document is shown and cannot be chosen. */
export type DocumentType = (typeof documentTypes)[number] | 'other';

/**
 * An identity document as the fund has it. Dates are calendar dates, `2029-09-05`; without
 * `validUntil` it has no last day.
 */
export interface IdentityDocument {
  readonly id: string;
  readonly type: DocumentType;
  readonly series: string | null;
  readonly number: string;
  readonly issuedOn: string | null;
  readonly validUntil: string | null;
  readonly issuedBy: string | null;
}

export const accountKinds = ['opv', 'oppv', 'opvr', 'dpv'] as const;

export const notificationMethods = [
  'internet-eds',
  'internet-password',
  'email',
  'post',
  'in-person',
] as const;

/** `other`: what the fund has added since. */
export type AccountKind = (typeof accountKinds)[number] | 'other';

export type NotificationMethod = (typeof notificationMethods)[number] | 'other';

export interface Account {
  readonly kind: AccountKind;
  readonly number: string;
  readonly notification: NotificationMethod | null;
}

/** Only an active person may use the cabinet. `other`: a status that the fund has added since. */
export type HolderStatus = 'active' | 'blocked' | 'deceased' | 'other';

/** A person as the fund's information system knows them. */
export interface FundHolder {
  readonly iin: Iin;
  readonly surname: string;
  readonly name: string;
  readonly patronymic: string | null;
  readonly status: HolderStatus;
  readonly documents: readonly IdentityDocument[];
  /** Some documents came in a form that cannot be read, and are missing above. */
  readonly unreadDocuments?: true;
  readonly accounts: readonly Account[];
  /** Null where they cannot be read: our copy stays as it is. */
  readonly requisites: Requisites | null;
  /** When the person's mobile and e-mail were put on file; null when long ago. */
  readonly mobileSince: Date | null;
  readonly emailSince: Date | null;
  /** Counts the changes made elsewhere, at a branch. */
  readonly elsewhereVersion: number;
  /** Those later than the version asked from, in order. */
  readonly changesElsewhere: readonly BranchChange[];
}

export interface BranchChange {
  readonly version: number;
  readonly fields: Partial<Requisites>;
}

/** A change on its way to the fund. `changeId` is its idempotency key. */
export interface ChangeForFund {
  readonly changeId: string;
  readonly iin: Iin;
  readonly fields: Partial<Requisites>;
  /** Rises with each change of a holder: a late copy of an earlier one is told by it. */
  readonly sequence: number;
  /** The last change made elsewhere that this one knew of. */
  readonly expectedVersion: number;
  readonly madeAt: Date;
}

/** What the fund says of a change. */
export type FundAnswer =
  | { readonly kind: 'applied'; readonly at: Date }
  /** Taken over; whether it is applied has to be asked. */
  | { readonly kind: 'received' }
  | { readonly kind: 'refused'; readonly reason: FundRefusal }
  /** A branch changed the holder since; nothing was applied. */
  | { readonly kind: 'changed-elsewhere' }
  /** A later change of the holder was applied before; nothing was applied. */
  | { readonly kind: 'out-of-order' };

/** Holders whom a branch changed, in order, and where to go on. */
export interface BranchChangePage {
  readonly holders: readonly { readonly iin: Iin; readonly version: number }[];
  readonly cursor: string | null;
}

/**
 * The fund's information system: source of documents, accounts and status, receiver of changes.
 * Every verb throws `FundUnavailable` when no answer can be had.
 */
export interface Fund {
  /**
   * The person of this IIN, or undefined; with `sinceElsewhere`, the changes a branch made after
   * that version too. Throws `WrongPerson` when the answer is about somebody else.
   */
  read(iin: Iin, sinceElsewhere?: number): Promise<FundHolder | undefined>;
  /** Applies a change once, however often it is sent. */
  apply(change: ChangeForFund): Promise<FundAnswer>;
  /** What became of a change; undefined when it never arrived. */
  findChange(
    changeId: string,
  ): Promise<Extract<FundAnswer, { kind: 'applied' | 'received' | 'refused' }> | undefined>;
  /** Changes made elsewhere after the cursor, of all holders; from the beginning with null. */
  changesElsewhere(cursor: string | null, most: number): Promise<BranchChangePage>;
  /** False while the fund is known not to answer, so that the person is told honestly. */
  readonly available: boolean;
  close(): Promise<void>;
}
