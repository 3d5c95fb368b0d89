import type { InBoth } from './source.ts';
import type { StreetKind } from './wording.ts';

/** A street of an operator's file. */
export interface Street {
  /** Stays the same until the file is imported again. */
  readonly id: string;
  /** KATO code of the place it lies in. */
  readonly kato: number;
  readonly kind: StreetKind;
  /** Names without the kind: "Абай", "Абая". */
  readonly name: InBoth;
  /** House numbers, with their postcode if the file has one. */
  readonly houses: readonly House[];
}

/** A house of a street. */
export interface House {
  readonly number: string;
  readonly postcode: string | null;
}

/** Streets that an operator has imported. */
export interface StreetLookup {
  /** False while nothing is imported. No search is made then. */
  any(): Promise<boolean>;
  /**
   * Streets whose names have a match for each of `words`, at most 200, those of larger places
   * first. The words are folded and match by their beginning or with a typing error. `places` are
   * KATO codes; null searches everywhere.
   */
  find(words: readonly string[], places: readonly number[] | null): Promise<readonly Street[]>;
}
