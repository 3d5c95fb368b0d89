/**
 * Replaces `demonstration.ts` in a production build, which has no demonstration. No setting can
 * bring it back.
 */
export const demonstration = undefined;
