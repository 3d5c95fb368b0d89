/**
 * Asks the server for a challenge.
 * @param csrf the token of the form on the page
 * @returns what the server wrote, as JSON; undefined when there is no connection or it refused
 */
export async function fetchChallenge<T>(
  path: string,
  csrf: string,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ csrf }),
      ...(signal && { signal }),
    });
    if (answer.ok) return (await answer.json()) as T;
  } catch {
    // There is no connection.
  }
  return undefined;
}
