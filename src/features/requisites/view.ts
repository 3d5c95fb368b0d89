import { FundUnavailable } from '../../fund/errors.ts';
import { findKnownPerson, type KnownPerson, type KnownPersonDeps } from '../../fund/known-person.ts';
import type { FundHolder, IdentityDocument } from '../../fund/port.ts';
import type { Actor } from '../../platform/session.ts';
import type { UndeliveredChange } from '../changes/change.ts';
import { isValidOn } from './documents.ts';
import {
  type LoadedRequisites,
  loadRequisites,
  type SessionReading,
  type StoredRequisites,
} from './store.ts';
import { type TakeOverDeps, takeOver } from './take-over.ts';

export interface ViewDeps extends TakeOverDeps, KnownPersonDeps {
  /** Nothing is taken over: what is here is shown as it is. */
  readonly onlyReads?: true;
}

/** Everything that the page shows. */
export interface RequisitesView {
  /** Undefined while the fund does not answer and its last answer is too old to show. */
  readonly person: FundHolder | undefined;
  /** When the fund gave what is shown. Undefined means just now. */
  readonly asOf: Date | undefined;
  readonly stored: StoredRequisites;
  /** Documents valid today, in the fund's order. Only these can be chosen. */
  readonly validDocuments: readonly IdentityDocument[];
  /** When something was last changed. Null when nothing was. */
  readonly changedAt: Date | null;
  /** The last change, if the fund refused it. */
  readonly undelivered: UndeliveredChange | null;
  /**
   * Whether there may be a change waiting for its proofs, and a draft. False when there is
   * certainly none.
   */
  readonly begun: LoadedRequisites['begun'];
}

/**
 * Reads documents, accounts and status from the fund, and the requisites from our copy after taking
 * over what a branch has changed since. While the fund does not answer, its last answer is used, or
 * none. The requisites are ours and do not need the fund. Undefined when the fund does not know the
 * person or no longer allows them in.
 * @throws FundUnavailable at a first visit while the fund does not answer
 */
export async function viewRequisites(
  deps: ViewDeps,
  actor: Pick<Actor, 'holderId' | 'iin' | 'requestId'>,
  reading?: SessionReading,
): Promise<RequisitesView | undefined> {
  if (reading) return viewLoaded(deps, actor, reading.known, reading.asked);
  return viewLoaded(deps, actor, await loadRequisites(deps.database, actor.holderId));
}

/**
 * Does the same when our copy has just been read.
 * @param read what the fund has just said, where it was asked too
 */
export async function viewLoaded(
  deps: ViewDeps,
  actor: Pick<Actor, 'holderId' | 'iin' | 'requestId'>,
  known: LoadedRequisites | undefined,
  read?: KnownPerson,
): Promise<RequisitesView | undefined> {
  const since = known?.elsewhereVersion ?? 0;
  const ask = () =>
    findKnownPerson(deps, actor.iin, since, actor.requestId).catch((error: unknown) => {
      if (known && error instanceof FundUnavailable) return undefined;
      throw error;
    });
  const asked = read ?? (await ask());
  if (known && !asked) {
    const { undelivered, changedAt, begun } = known;
    const nothing = { person: undefined, asOf: undefined, validDocuments: [] };
    return { ...nothing, stored: known, undelivered, changedAt, begun };
  }
  const person = asked?.person;
  if (person?.status !== 'active') return undefined;
  const isBehind = !known || (!deps.onlyReads && person.elsewhereVersion > known.elsewhereVersion);
  const stored = isBehind ? await takeOver(deps, actor.holderId, person, actor.requestId) : known;
  return {
    person,
    asOf: asked?.asOf,
    stored,
    validDocuments: person.documents.filter(
      (document) => document.type !== 'other' && isValidOn(document, stored.today),
    ),
    undelivered: known?.undelivered ?? null,
    changedAt: known?.changedAt ?? null,
    begun: known?.begun ?? { change: true, draft: true },
  };
}
