/**
 * The code of an error, which may be stored, logged and traced. Never its message, which can hold
 * personal values.
 */
export function errorCode(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
