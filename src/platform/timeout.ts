/**
 * Waits for `work`, at most so many milliseconds (undefined: without a limit). Returns whether it
 * finished in time, and throws what it throws.
 */
export async function settlesWithin(
  work: Promise<unknown>,
  milliseconds: number | undefined,
): Promise<boolean> {
  const ended = work.then(() => true);
  if (milliseconds === undefined) return ended;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
