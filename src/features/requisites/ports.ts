import type { FundHolder } from '../../fund/port.ts';
import type { UndeliveredChange } from '../changes/change.ts';
import type { NewChange, SaveOutcome } from '../changes/store.ts';
import type { Requisites } from './fields/fields.ts';

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
  recognise(line: string, postcode: string | null, kazpost: boolean): Promise<AddressProvenance>;
  /** True when the index seems to belong to another region than the line: a hint, never an error. */
  seemsElsewhere(line: string, postcode: string): Promise<boolean>;
}

/** Where an address comes from, as it is stored. */
export type AddressProvenance = { readonly source: string };

export interface RequisitesStore {
  load(holderId: string): Promise<LoadedRequisites | undefined>;
  /** Makes our copy at the first read, or takes over what a branch changed since; raises the revision when anything differs. */
  takeOver(holderId: string, fund: FundHolder, requestId: string): Promise<StoredRequisites>;
  /** One transaction; resolves only after COMMIT. */
  save(change: NewChange): Promise<SaveOutcome>;
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
