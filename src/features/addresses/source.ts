import type { Postcode } from '../../values/postcode.ts';
import type { Result } from '../../values/result.ts';
import type { AddressLanguage } from './wording.ts';

/** The same words in the two languages in which an address is written. */
export type InBoth = Readonly<Record<AddressLanguage, string>>;

/**
 * Where an address comes from: Kazpost's service, the embedded classifier, or an operator's
 * streets.
 */
export type AddressOrigin = 'kazpost' | 'kato' | 'street';

/** One level of an address. A stored choice keeps these beside its line, largest first. */
export interface AddressPart {
  /**
   * `region`, `district`, `city`, `village`, `street`, `house`, … The source's own word when none
   * of ours fits.
   */
  readonly kind: string;
  /** The source's id of the level: a KATO code or Kazpost's id. Null for what the person typed. */
  readonly id: string | null;
  /** The level in full words: "Шамалған ауылы". */
  readonly text: InBoth;
}

/** An address a source offers. */
export interface FoundAddress {
  readonly origin: AddressOrigin;
  /** The source's id of the whole address. */
  readonly id: string;
  /** Seven characters when the source knows them, else six digits, else null. */
  readonly postcode: Postcode | null;
  /** The line for the form, in Cyrillic, largest level first. */
  readonly text: InBoth;
  readonly parts: readonly AddressPart[];
}

/** Why a source gave no answer. A text key. */
export type SourceRefusal = 'kazpostUnavailable';

/** Finds addresses. Implemented by the embedded data and by Kazpost's two services. */
export interface AddressSource {
  /** Addresses for a part of a line, best first, at most 20. Empty when there are none. */
  byText(text: string): Promise<Result<readonly FoundAddress[], SourceRefusal>>;
  /** Addresses of a postcode, at most 20. */
  byPostcode(postcode: Postcode): Promise<Result<readonly FoundAddress[], SourceRefusal>>;
}

/** The data shipped with the service, which also answer for a line that is complete. */
export interface EmbeddedSource extends AddressSource {
  /**
   * What `byText` finds for a line as it was offered. For a line that was never offered, anything
   * else or nothing.
   */
  byLine(line: string): Promise<readonly FoundAddress[]>;
}
