/**
 * The parts of an error that may be logged: its code and stack. Messages may hold values that
 * people typed.
 */
export function withoutValues(error: Error & { code?: unknown }): object {
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return {
    error: error.name,
    code: typeof error.code === 'string' ? error.code : undefined,
    at: frames.slice(0, 12),
  };
}
