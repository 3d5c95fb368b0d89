import type { AddressSource } from './source.ts';

/**
 * A source that is created when it is first asked: the shipped places take a moment and some memory
 * to read.
 */
export function createLazySource(create: () => AddressSource): AddressSource {
  let created: AddressSource | undefined;
  const source = (): AddressSource => {
    created ??= create();
    return created;
  };
  return {
    byText: async (text) => source().byText(text),
    byPostcode: async (index) => source().byPostcode(index),
  };
}
