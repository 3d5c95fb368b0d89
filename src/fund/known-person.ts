import type { Queryable } from '../platform/postgres/database.ts';
import type { Iin } from '../values/iin.ts';
import { findCopy, keepCopy } from './copy-store.ts';
import { FundUnavailable } from './errors.ts';
import type { Fund, FundHolder } from './port.ts';

export interface KnownPersonDeps {
  readonly fund: Fund;
  /**
   * Where the fund's last answers are stored, and for how many hours they may be used. Undefined
   * for the embedded fund, which cannot fail separately.
   */
  readonly copies: { readonly database: Queryable; readonly hours: number } | undefined;
}

/** A person as the fund knows them now or, with `asOf`, as it knew them then. */
export interface KnownPerson {
  readonly person: FundHolder | undefined;
  /** When the fund gave the answer. Undefined means just now. */
  readonly asOf: Date | undefined;
}

/**
 * Asks the fund about a person. When it does not answer, takes its last answer.
 * @throws FundUnavailable when there is no stored answer or it is too old
 * @throws WrongPerson when the answer is about another person. A copy must not hide that.
 */
export async function findKnownPerson(
  { fund, copies }: KnownPersonDeps,
  iin: Iin,
  sinceElsewhere?: number,
  requestId?: string,
): Promise<KnownPerson> {
  try {
    const person = await fund.read(iin, sinceElsewhere, requestId);
    if (person && copies) await keepCopy(copies.database, person);
    return { person, asOf: undefined };
  } catch (error) {
    if (!copies || !(error instanceof FundUnavailable)) throw error;
    const copy = await findCopy(copies.database, iin, copies.hours);
    if (!copy) throw error;
    return { person: copy.person, asOf: copy.readAt };
  }
}
