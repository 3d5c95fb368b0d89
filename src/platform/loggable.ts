/**
 * What may be logged of an error: messages can hold values that people typed, code and place
 * cannot.
 */
export function withoutValues(error: Error & { code?: unknown }): object {
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return {
    error: error.name,
    code: typeof error.code === 'string' ? error.code : undefined,
    at: frames.slice(0, 12),
  };
}
