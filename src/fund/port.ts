import type { Requisites } from '../features/requisites/fields/fields.ts';
import type { Queryable } from '../platform/postgres/database.ts';
import type { Iin } from '../values/iin.ts';
import type { FundRefusal } from './refusals.ts';

export const documentTypes = [
  'identity-card',
  'passport',
  'residence-permit',
  'stateless-certificate',
  'refugee-certificate',
] as const;

/** `other`: a type that the fund has added later. Such a document is shown and cannot be chosen. */
export type DocumentType = (typeof documentTypes)[number] | 'other';

/**
 * An identity document according to the fund. Dates are calendar dates, `2029-09-05`. Without
 * `validUntil` it does not expire.
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

/** `other`: a value that the fund has added later. */
export type AccountKind = (typeof accountKinds)[number] | 'other';

export type NotificationMethod = (typeof notificationMethods)[number] | 'other';

export interface Account {
  readonly kind: AccountKind;
  readonly number: string;
  readonly notification: NotificationMethod | null;
}

/** Only an active person may use the cabinet. `other`: a status that the fund has added later. */
export type HolderStatus = 'active' | 'blocked' | 'deceased' | 'other';

/** A person as the fund's information system knows them. */
export interface FundHolder {
  readonly iin: Iin;
  readonly surname: string;
  readonly name: string;
  readonly patronymic: string | null;
  readonly status: HolderStatus;
  readonly documents: readonly IdentityDocument[];
  /** Some documents could not be read, and are missing above. */
  readonly unreadDocuments?: true;
  readonly accounts: readonly Account[];
  /** Null when they cannot be read. Our copy then stays unchanged. */
  readonly requisites: Requisites | null;
  /** When the person's mobile and e-mail were put on file. Null when long ago. */
  readonly mobileSince: Date | null;
  readonly emailSince: Date | null;
  /** Number of changes made elsewhere, at a branch. */
  readonly elsewhereVersion: number;
  /** The changes after the requested version, in order. */
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
  /** Rises with each change of a holder. It shows when a copy of an earlier change arrives late. */
  readonly sequence: number;
  /** The last change made elsewhere that was known when this one was made. */
  readonly expectedVersion: number;
  readonly madeAt: Date;
  /** The request in which it was made. The fund's log can have the same id. */
  readonly requestId?: string;
}

/** The fund's answer to a change. */
export type FundAnswer =
  | { readonly kind: 'applied'; readonly at: Date }
  /** The fund has received it. Whether it is applied must be asked later. */
  | { readonly kind: 'received' }
  | { readonly kind: 'refused'; readonly reason: FundRefusal }
  /** A branch has changed the holder since. Nothing was applied. */
  | { readonly kind: 'changed-elsewhere' }
  /** A later change of the holder was applied before. Nothing was applied. */
  | { readonly kind: 'out-of-order' };

/** Holders whom a branch changed, in order, and the cursor of the next page. */
export interface BranchChangePage {
  readonly holders: readonly { readonly iin: Iin; readonly version: number }[];
  readonly cursor: string | null;
}

/** A change of the cabinet that the fund has applied, as the fund knows it. */
export interface AppliedChange {
  readonly changeId: string;
  readonly iin: Iin;
  readonly fields: Partial<Requisites>;
  readonly sequence: number;
  /** When the holder made it, as the cabinet said then. */
  readonly madeAt: Date;
  readonly appliedAt: Date;
}

/** Which applied changes are listed. */
export interface AppliedQuestion {
  /** The day in UTC on which the fund applied them, `2026-11-28`. */
  readonly day: string;
  /** Only of this holder. */
  readonly iin?: Iin | undefined;
}

export interface AppliedPage {
  readonly changes: readonly AppliedChange[];
  /** Rows that could not be read, and are missing above. */
  readonly unread: number;
  /** Where to continue. Null: there are no more. */
  readonly cursor: string | null;
}

/**
 * The fund's information system. It gives documents, accounts and status, and receives changes.
 * Every method throws `FundUnavailable` when there is no answer.
 */
export interface Fund {
  /**
   * The person of this IIN, or undefined. With `sinceElsewhere`, includes the changes that a branch
   * made after that version. Throws `WrongPerson` when the answer is about another person.
   */
  read(iin: Iin, sinceElsewhere?: number, requestId?: string): Promise<FundHolder | undefined>;
  /**
   * The person to whom a session of the cabinet belongs, with the changes of a branch that our copy
   * lacks, by one statement among others of its caller. Undefined where the fund does not lie in the
   * same database.
   */
  readBySession?(connection: Queryable, sessionHash: Buffer): Promise<FundHolder | undefined>;
  /** Applies a change once, however often it is sent. */
  apply(change: ChangeForFund): Promise<FundAnswer>;
  /**
   * Applies several changes at once, each once however often it is sent. Returns the ids of those
   * that were applied now; of the others it says nothing, and waits for none. Undefined where each
   * change is a request of its own.
   */
  applyTogether?(changes: readonly ChangeForFund[]): Promise<ReadonlySet<string>>;
  /** The state of a change. Undefined when it never arrived. */
  findChange(
    changeId: string,
    requestId?: string,
  ): Promise<Extract<FundAnswer, { kind: 'applied' | 'received' | 'refused' }> | undefined>;
  /**
   * Tells the fund that a holder has said that everything on file is right. A fund that does not
   * keep this drops it. However often it is sent, and in whatever order, the latest moment counts.
   */
  confirm(iin: Iin, confirmedAt: Date): Promise<void>;
  /** Changes made elsewhere after the cursor, of all holders. Null starts from the beginning. */
  changesElsewhere(cursor: string | null, most: number): Promise<BranchChangePage>;
  /**
   * The changes that the fund has applied, in the order of their time. Null starts from the
   * beginning. Undefined where the fund has no such list.
   */
  appliedChanges(
    asked: AppliedQuestion,
    cursor: string | null,
    most: number,
  ): Promise<AppliedPage | undefined>;
  /** False while the fund is known not to answer, so that pages can say so. */
  readonly available: boolean;
  close(): Promise<void>;
}
