/**
 * Waits for `work`, at most so many milliseconds (undefined: however long). Whether it came to its
 * end; throws what it throws.
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
