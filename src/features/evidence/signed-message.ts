/**
 * A signed message with the time-stamps that were asked for later, so that whoever has the file can
 * check it after the certificate has ended. What was signed stays as it is.
 */
export async function withTimeStamps(cms: Buffer, tokens: readonly Buffer[]): Promise<Buffer> {
  if (tokens.length === 0) return cms;
  // Loaded only here: it takes time at the start, and memory.
  const { addTimeStamps } = await import('nca-verify');
  const added = addTimeStamps(cms, tokens);
  return added.ok ? Buffer.from(added.message) : cms;
}
