import type { FoundAddress } from '../../features/addresses/source.ts';
import type { Postcode } from '../../values/postcode.ts';

/** One of Kazpost's two services. Throws unless the answer is usable. */
export interface KazpostApi {
  byText(text: string): Promise<FoundAddress[]>;
  byPostcode(postcode: Postcode): Promise<FoundAddress[]>;
}

/** Kazpost answered, but not in a usable form. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}
