/**
 * In the place of `demonstration.ts` in a production build: there is none, and no setting brings it
 * back.
 */
export const demonstration = undefined;
