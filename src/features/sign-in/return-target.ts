import { z } from 'zod';
import { returnTargets } from '../../paths.ts';

/**
 * `?to=`, the page after signing in. It is one of our pages or undefined. A value that is not on
 * the list is ignored.
 */
export const returnTarget = z.enum(returnTargets).optional().catch(undefined);
