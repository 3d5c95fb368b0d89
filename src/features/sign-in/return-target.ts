import { z } from 'zod';
import { returnTargets } from '../../paths.ts';

/**
 * `?to=`, where a person goes after signing in: a page of ours, or undefined. Anything not on the
 * list is ignored.
 */
export const returnTarget = z.enum(returnTargets).optional().catch(undefined);
