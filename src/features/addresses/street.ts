import type { InBoth } from './source.ts';
import type { StreetKind } from './wording.ts';

/** A street of an operator's file. */
export interface Street {
  /** Stable as long as the file is not imported again. */
  readonly id: string;
  /** KATO code of the place it lies in. */
  readonly kato: number;
  readonly kind: StreetKind;
  /** Bare names: "Абай", "Абая". */
  readonly name: InBoth;
  /** House numbers with their postal index where the file has one. */
  readonly houses: readonly House[];
}

/** A house of a street. */
export interface House {
  readonly number: string;
  readonly postcode: string | null;
}

/** Streets an operator has imported. */
export interface StreetLookup {
  /** False while nothing is imported: nothing is asked then. */
  any(): Promise<boolean>;
  /**
   * Streets whose names have a word for each of `words` (folded; by its beginning or with a slip),
   * at most 200, those of larger places first. `places` are KATO codes; null looks everywhere.
   */
  find(words: readonly string[], places: readonly number[] | null): Promise<readonly Street[]>;
}
