import type { Iin } from '../values/iin.ts';
import { FundUnavailable } from './errors.ts';
import type { Fund, FundCopies, FundHolder } from './port.ts';

export interface KnownPersonDeps {
  readonly fund: Fund;
  /** Undefined where the fund cannot be away by itself: the embedded one. */
  readonly copies: FundCopies | undefined;
}

/** A person as the fund knows them now, or, with `asOf`, as it did then. */
export interface KnownPerson {
  readonly person: FundHolder | undefined;
  /** When the fund said so; undefined: just now. */
  readonly asOf: Date | undefined;
}

/**
 * Asks the fund about a person, and when it does not answer, takes what it said last. Throws `FundUnavailable` when there is nothing to take
 * or it is too old, and `WrongPerson` when the answer is about somebody else: a copy must not paper over that.
 */
export async function knownPerson(
  { fund, copies }: KnownPersonDeps,
  iin: Iin,
  sinceElsewhere?: number,
): Promise<KnownPerson> {
  try {
    const person = await fund.read(iin, sinceElsewhere);
    if (person) await copies?.keep(person);
    return { person, asOf: undefined };
  } catch (error) {
    const copy = error instanceof FundUnavailable ? await copies?.find(iin) : undefined;
    if (!copy) throw error;
    return { person: copy.person, asOf: copy.readAt };
  }
}
