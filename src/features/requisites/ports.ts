import type { Allowance } from '../codes/ports.ts';
import type { Evidence } from '../eds/ports.ts';
import type { Channel } from '../notices/ports.ts';
import type { Iin } from '../../values/iin.ts';
import type { DeliveryRefusal, FundRefusal } from '../../fund/refusals.ts';

/** The memo's editable requisites, each absent or a canonical value (phones in E.164, RFC 3966 with an extension). */
export interface Requisites {
  readonly address: string | null;
  readonly apartment: string | null;
  readonly postcode: string | null;
  readonly homePhone: string | null;
  readonly contactPhone: string | null;
  readonly mobilePhone: string | null;
  readonly email: string | null;
}

export type FieldName = keyof Requisites;

export const documentTypes = [
  'identity-card',
  'passport',
  'residence-permit',
  'stateless-certificate',
  'refugee-certificate',
] as const;

/** `other`: a type that the fund has added since. Such a document is shown and cannot be chosen. */
export type DocumentType = (typeof documentTypes)[number] | 'other';

/** An identity document as the fund has it. Dates are calendar dates, `2029-09-05`; without `validUntil` it has no last day. */
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
  readonly changesElsewhere: readonly ChangeElsewhere[];
}

export interface ChangeElsewhere {
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
export interface ElsewherePage {
  readonly holders: readonly { readonly iin: Iin; readonly version: number }[];
  readonly cursor: string | null;
}

/**
 * The fund's information system: source of documents, accounts and status, receiver of changes. Every verb throws
 * `FundUnavailable` when no answer can be had.
 */
export interface Fund {
  /**
   * The person of this IIN, or undefined; with `sinceElsewhere`, the changes a branch made after that version too. Throws
   * `WrongPerson` when the answer is about somebody else.
   */
  read(iin: Iin, sinceElsewhere?: number): Promise<FundHolder | undefined>;
  /** Applies a change once, however often it is sent. */
  apply(change: ChangeForFund): Promise<FundAnswer>;
  /** What became of a change; undefined when it never arrived. */
  findChange(
    changeId: string,
  ): Promise<Extract<FundAnswer, { kind: 'applied' | 'received' | 'refused' }> | undefined>;
  /** Changes made elsewhere after the cursor, of all holders; from the beginning with null. */
  changesElsewhere(cursor: string | null, most: number): Promise<ElsewherePage>;
  /** False while the fund is known not to answer, so that the person is told honestly. */
  readonly available: boolean;
  close(): Promise<void>;
}

/** What the fund said last of each holder, for when it does not answer. */
export interface FundCopies {
  /** Keeps an answer about a holder whom we know. */
  keep(person: FundHolder): Promise<void>;
  /** The last answer, unless it is too old to be shown. */
  find(iin: Iin): Promise<{ readonly person: FundHolder; readonly readAt: Date } | undefined>;
}

/** How far changes made elsewhere were followed. */
export interface ElsewhereFeed {
  /** For one worker at a time; undefined while another one looks. */
  lease(): Promise<{ readonly cursor: string | null } | undefined>;
  /** Of these, the holders whose requisites we keep and who are behind, with the version we know. */
  behind(
    holders: ElsewherePage['holders'],
  ): Promise<readonly { readonly holderId: string; readonly iin: Iin; readonly known: number }[]>;
  moveOn(cursor: string | null): Promise<void>;
}

/** Our copy of a holder's requisites. */
export interface StoredRequisites {
  readonly revision: number;
  readonly values: Requisites;
  readonly elsewhereVersion: number;
  /** Today's date in Kazakhstan by the database's clock. */
  readonly today: string;
}

/** What one look at our copy tells beside it. */
export interface LoadedRequisites extends StoredRequisites {
  readonly undelivered: UndeliveredChange | null;
  /** Whether a change may be waiting for its proofs, and whether what was typed may be kept; false when there is none. */
  readonly begun: { readonly change: boolean; readonly draft: boolean };
}

/** One field of a change. */
export interface ChangeEntry {
  readonly field: FieldName;
  readonly old: string | null;
  readonly new: string | null;
}

export type Proof = 'password-session' | 'eds-session' | 'codes' | 'eds' | 'branch';

/** A line that can be chosen for the address. */
export interface OfferedAddress {
  readonly text: string;
  readonly postcode: string | null;
}

/** Suggests addresses and recognises them again; never refuses. */
export interface AddressBook {
  /** Lines for what was typed, best first; `degraded` when Kazpost was meant to answer and did not. */
  suggest(
    text: string,
    language: string,
  ): Promise<{ readonly suggestions: readonly OfferedAddress[]; readonly degraded: boolean }>;
  /** What to store beside the line: its source, or "as entered". Kazpost is asked only with the person's switch on. */
  recognise(line: string, postcode: string | null, kazpost: boolean): Promise<AddressSource>;
  /** True when the index seems to belong to another region than the line: a hint, never an error. */
  seemsElsewhere(line: string, postcode: string): Promise<boolean>;
}

/** Where an address comes from, as it is stored. */
export type AddressSource = { readonly source: string };

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
  readonly addressSource: AddressSource | null;
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

export interface RequisitesStore {
  load(holderId: string): Promise<LoadedRequisites | undefined>;
  /** Makes our copy at the first read, or takes over what a branch changed since; raises the revision when anything differs. */
  takeOver(holderId: string, fund: FundHolder, requestId: string): Promise<StoredRequisites>;
  /** The outcome of an earlier save of this form, if there was one. */
  findSaved(holderId: string, formId: string, formHash: Buffer): Promise<SaveOutcome | undefined>;
  /** The changes made after a revision, newest first, each with the revision it made. */
  changesAfter(
    holderId: string,
    revision: number,
  ): Promise<readonly { readonly revision: number; readonly entries: readonly ChangeEntry[] }[]>;
  /** The receipt of the change that this form made, whatever it sent. */
  findNumber(holderId: string, formId: string): Promise<string | undefined>;
  /** One transaction; resolves only after COMMIT. */
  save(change: NewChange): Promise<SaveOutcome>;
  findReceipt(holderId: string, number: string): Promise<SavedChange | undefined>;
}

/** The holder's last change, when the fund did not take it. */
export interface UndeliveredChange {
  readonly number: string;
  readonly reason: DeliveryRefusal;
}

/** What was typed into a form when its session had run out; sealed at rest. */
export interface DraftStore {
  keep(holderId: string, form: string, sealed: Buffer, hours: number): Promise<void>;
  find(
    holderId: string,
    form: string,
  ): Promise<{ readonly sealed: Buffer; readonly expiresAt: Date } | undefined>;
  discard(holderId: string, form: string): Promise<void>;
}

/** A channel on file, and whether it has stood long enough to vouch for a change. */
export interface ContactOnFile {
  readonly channel: Channel;
  readonly value: string;
  readonly stood: boolean;
}

/** What bears on a change of mobile or e-mail, by the database's clock. */
export interface ContactStanding {
  readonly onFile: readonly ContactOnFile[];
  /** The channel changed within the waiting time without EDS: the other one must wait until then. */
  readonly changed: { readonly channel: Channel; readonly until: Date } | undefined;
  /** The password was restored within the waiting time: nothing may change until then. */
  readonly recovered: { readonly at: Date; readonly until: Date } | undefined;
  readonly frozen: boolean;
}

/** A change of mobile or e-mail (with whatever else its form changed) that waits for its proofs. */
export interface PendingChange {
  readonly changeId: string;
  readonly formId: string;
  readonly formHash: Buffer;
  readonly revision: number;
  readonly document: IdentityDocument | null;
  readonly entries: readonly ChangeEntry[];
  readonly addressSource: AddressSource | null;
  /** The channel on file that was chosen to confirm. */
  readonly via: Channel | null;
  /** Whether each proof stands; one older than its time does not. */
  readonly currentProved: boolean;
  readonly newProved: boolean;
  /** A proof was given and has grown too old. */
  readonly lapsed: boolean;
  /** Proposed to be signed: no code makes it. */
  readonly byEds: boolean;
}

/** What a form proposes. */
export type ProposedChange = Pick<
  PendingChange,
  'formId' | 'formHash' | 'revision' | 'document' | 'entries' | 'addressSource'
>;

export type ProofKind = 'current' | 'new';

/** Whom the change concerns; the notices are written to these channels in this language. */
export interface ContactActor {
  readonly holderId: string;
  readonly iin: Iin;
  readonly requestId: string;
  readonly language: 'kk' | 'ru' | 'en';
  /** The session that goes on; all others end when the change is made. */
  readonly sessionHash: Buffer;
}

export type CompleteOutcome =
  | SaveOutcome
  /** A proof is missing or too old, or the change is no longer pending. */
  | { readonly kind: 'proof-gone' }
  /** Something stops the change since it was proposed; the form says what. */
  | { readonly kind: 'refused' };

export interface ContactStore {
  standing(holderId: string, waitHours: number): Promise<ContactStanding>;
  /**
   * Replaces the person's pending change for so many minutes and tells the channels on file as far as `telling` allows; one
   * transaction. Undefined, and nothing is done, when this very form is pending already.
   */
  propose(
    actor: ContactActor,
    change: ProposedChange,
    /** The channel that is told of; undefined for a signed change that touches none. */
    about: Channel | undefined,
    how: { readonly minutes: number; readonly telling: readonly Allowance[]; readonly byEds?: boolean },
  ): Promise<PendingChange | undefined>;
  findPending(holderId: string, proofMinutes: number): Promise<PendingChange | undefined>;
  chooseVia(holderId: string, changeId: string, via: Channel): Promise<void>;
  /** Uses up a live code of this change and notes the proof, both or neither; true for exactly one caller. */
  proveWith(holderId: string, changeId: string, proof: ProofKind, codeId: string): Promise<boolean>;
  drop(holderId: string): Promise<void>;
  /** How many other people have this mobile on file. */
  othersWith(holderId: string, mobile: string): Promise<number>;
  /**
   * Makes the change if every proof still stands: requisites, change, receipt, event, outbox, the channels that restore
   * the password, notices to the channels as they were and to the new one, the end of all other sessions. One transaction.
   */
  complete(
    actor: ContactActor,
    pending: PendingChange,
    how: {
      readonly number: string;
      readonly proof: Proof;
      /** Those that the change touches; more than one only by EDS. */
      readonly channels: readonly Channel[];
      /** Until a new channel restores the password. */
      readonly waitHours: number;
      readonly proofMinutes: number;
      readonly personsPerMobile: number;
      /** The signature, kept with the change; it also ends a stop by "this wasn't me". */
      readonly evidence?: Evidence;
    },
  ): Promise<CompleteOutcome>;
}
