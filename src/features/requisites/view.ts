import { FundUnavailable } from '../../fund/errors.ts';
import { findKnownPerson, type KnownPersonDeps } from '../../fund/known-person.ts';
import type { FundHolder, IdentityDocument } from '../../fund/port.ts';
import type { Iin } from '../../values/iin.ts';
import type { UndeliveredChange } from '../changes/change.ts';
import { isValidOn } from './documents.ts';
import { type LoadedRequisites, loadRequisites, type StoredRequisites } from './store.ts';
import { type TakeOverDeps, takeOver } from './take-over.ts';

export interface ViewDeps extends TakeOverDeps, KnownPersonDeps {}

/** Everything the page shows. */
export interface RequisitesView {
  /** Undefined while the fund does not answer and what it said last is too old to show. */
  readonly person: FundHolder | undefined;
  /** When the fund said what is shown; undefined: just now. */
  readonly asOf: Date | undefined;
  readonly stored: StoredRequisites;
  /** Documents valid today, in the fund's order; only these can be chosen. */
  readonly validDocuments: readonly IdentityDocument[];
  /** The last change, when the fund did not take it. */
  readonly undelivered: UndeliveredChange | null;
  /**
   * Whether a change may be waiting for its proofs, and whether a draft may be kept; false when
   * there is none.
   */
  readonly begun: LoadedRequisites['begun'];
}

/**
 * Reads documents, accounts and status from the fund and the requisites from our copy, first taking
 * over what a branch changed since. While the fund does not answer, what it said last stands in, or
 * nothing: the requisites are ours. Undefined when the fund does not know the person or no longer
 * lets them in.
 * @throws FundUnavailable at a first visit while the fund does not answer
 */
export async function viewRequisites(
  deps: ViewDeps,
  actor: { readonly holderId: string; readonly iin: Iin; readonly requestId: string },
): Promise<RequisitesView | undefined> {
  const known = await loadRequisites(deps.database, actor.holderId);
  const asked = await findKnownPerson(deps, actor.iin, known?.elsewhereVersion ?? 0).catch(
    (error: unknown) => {
      if (known && error instanceof FundUnavailable) return undefined;
      throw error;
    },
  );
  if (known && !asked) {
    const { undelivered, begun } = known;
    return { person: undefined, asOf: undefined, stored: known, validDocuments: [], undelivered, begun };
  }
  const person = asked?.person;
  if (person?.status !== 'active') return undefined;
  const isBehind = !known || person.elsewhereVersion > known.elsewhereVersion;
  const stored = isBehind ? await takeOver(deps, actor.holderId, person, actor.requestId) : known;
  return {
    person,
    asOf: asked?.asOf,
    stored,
    validDocuments: person.documents.filter(
      (document) => document.type !== 'other' && isValidOn(document, stored.today),
    ),
    undelivered: known?.undelivered ?? null,
    begun: known?.begun ?? { change: true, draft: true },
  };
}
