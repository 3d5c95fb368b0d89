import type { FoundAddress } from '../../features/addresses/source.ts';
import type { Postcode } from '../../values/postcode.ts';

/** One of Kazpost's two services. Throws on anything but a usable answer. */
export interface KazpostApi {
  byText(text: string): Promise<FoundAddress[]>;
  byPostcode(postcode: Postcode): Promise<FoundAddress[]>;
}

/** An answer came, but not one to use. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}
