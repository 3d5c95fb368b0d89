import type { EmbeddedSource } from './source.ts';

/**
 * Creates a source at the first question, because reading the shipped places takes time and memory.
 */
export function createLazySource(create: () => EmbeddedSource): EmbeddedSource {
  let created: EmbeddedSource | undefined;
  const source = (): EmbeddedSource => {
    created ??= create();
    return created;
  };
  return {
    byText: async (text) => source().byText(text),
    byLine: async (line) => source().byLine(line),
    byPostcode: async (index) => source().byPostcode(index),
  };
}
