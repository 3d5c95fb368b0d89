import type { IdentityDocument } from '../../fund/port.ts';
import type { Iin } from '../../values/iin.ts';
import type { AddressProvenance } from '../addresses/address-book.ts';
import type { ChangeEntry, Proof } from '../changes/change.ts';
import type { SaveOutcome } from '../changes/store.ts';
import type { Quota } from '../codes/quota-store.ts';
import type { Evidence } from '../eds/store.ts';
import type { Channel } from '../notices/channel.ts';

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
  readonly addressSource: AddressProvenance | null;
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
    how: { readonly minutes: number; readonly telling: readonly Quota[]; readonly byEds?: boolean },
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
