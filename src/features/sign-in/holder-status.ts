import { FundUnavailable } from '../../fund/errors.ts';
import { findKnownPerson, type KnownPersonDeps } from '../../fund/known-person.ts';
import type { FundHolder } from '../../fund/port.ts';
import type { Iin } from '../../values/iin.ts';

/**
 * What the fund says, or said last, about a person who has given the right password or signature.
 * `unavailable` when it does not answer and has not answered recently.
 */
export async function findHolder(
  deps: KnownPersonDeps,
  iin: Iin,
  requestId?: string,
): Promise<FundHolder | 'unavailable' | undefined> {
  try {
    return (await findKnownPerson(deps, iin, undefined, requestId)).person;
  } catch (error) {
    if (error instanceof FundUnavailable) return 'unavailable';
    throw error;
  }
}
