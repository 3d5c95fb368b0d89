import type { AddressSource } from './source.ts';

/**
 * Creates a source at the first question, because reading the shipped places takes time and memory.
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
