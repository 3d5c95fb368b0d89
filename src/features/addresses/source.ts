import type { Postcode } from '../../values/postcode.ts';
import type { Result } from '../../values/result.ts';
import type { AddressLanguage } from './wording.ts';

/** The same words in both languages an address is written in. */
export type InBoth = Readonly<Record<AddressLanguage, string>>;

/**
 * Where an address comes from: Kazpost's service, the embedded classifier, an operator's streets.
 */
export type AddressOrigin = 'kazpost' | 'kato' | 'street';

/** One level of an address, largest first: what a stored choice keeps beside its line. */
export interface AddressPart {
  /**
   * `region`, `district`, `city`, `village`, `street`, `house`, …; a source's own word where none
   * of ours fits.
   */
  readonly kind: string;
  /** The source's id of the level: a KATO code, Kazpost's id; null for what the person typed. */
  readonly id: string | null;
  /** The level in full words: "Шамалған ауылы". */
  readonly text: InBoth;
}

/** An address a source offers. */
export interface FoundAddress {
  readonly origin: AddressOrigin;
  /** The source's id of the whole address. */
  readonly id: string;
  /** Seven characters where the source knows them, else six digits, else null. */
  readonly postcode: Postcode | null;
  /** The line that goes into the form: Cyrillic, largest level first. */
  readonly text: InBoth;
  readonly parts: readonly AddressPart[];
}

/** Why a source gave no answer; a text key. */
export type SourceRefusal = 'kazpostUnavailable';

/** Finds addresses. Implementations: the embedded data, Kazpost's two services. */
export interface AddressSource {
  /** Addresses for a piece of a line, best first, at most 20; an empty list when there is none. */
  byText(text: string): Promise<Result<readonly FoundAddress[], SourceRefusal>>;
  /** Addresses of a postal index, at most 20. */
  byPostcode(postcode: Postcode): Promise<Result<readonly FoundAddress[], SourceRefusal>>;
}
