import type { AddressSource } from './ports.ts';

/** A source that is made when it is first asked: the shipped places take a moment and some memory to read. */
export function createLazySource(make: () => AddressSource): AddressSource {
  let made: AddressSource | undefined;
  const source = (): AddressSource => {
    made ??= make();
    return made;
  };
  return {
    byText: async (text) => source().byText(text),
    byPostcode: async (index) => source().byPostcode(index),
  };
}
