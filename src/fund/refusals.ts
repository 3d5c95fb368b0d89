/** Why the fund does not take a change; told to the person in words (docs/fund-api.yaml). */
export const fundRefusals = ['holder-not-active', 'unknown-holder', 'value-not-accepted', 'other'] as const;

export type FundRefusal = (typeof fundRefusals)[number];

/**
 * Why a saved change did not reach the fund: its own reason, a branch that changed the same since,
 * or no answer for days.
 */
export type DeliveryRefusal = FundRefusal | 'changed-elsewhere' | 'undeliverable';

/** What a person can be told of the code that a change was given up with. */
export function deliveryRefusal(code: string | null): DeliveryRefusal {
  const reasons = [...fundRefusals, 'changed-elsewhere'] as const;
  return reasons.find((one) => one === code) ?? 'undeliverable';
}
