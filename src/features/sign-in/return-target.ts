import { z } from 'zod';
import { returnTargets } from '../../paths.ts';

/**
 * `?to=`, the page after signing in. It is one of our pages or undefined. A value that is not on
 * the list is ignored.
 */
export const returnTarget = z.enum(returnTargets).optional().catch(undefined);

/** The page on which a session begins. It says once when older sessions were ended. */
export function firstPage(target: string, { replaced }: { readonly replaced: number }): string {
  return replaced > 0 ? `${target}?replaced=1` : target;
}
