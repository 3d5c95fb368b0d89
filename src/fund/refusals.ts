/** Why the fund refuses a change. The person is told in words (docs/fund-api.yaml). */
export const fundRefusals = ['holder-not-active', 'unknown-holder', 'value-not-accepted', 'other'] as const;

export type FundRefusal = (typeof fundRefusals)[number];

/**
 * Why a saved change did not reach the fund: the fund's reason, a branch that changed the same
 * field, or no answer for days.
 */
export type DeliveryRefusal = FundRefusal | 'changed-elsewhere' | 'undeliverable';

/** The reason that a person is told, from the code with which a change was given up. */
export function deliveryRefusal(code: string | null): DeliveryRefusal {
  const reasons = [...fundRefusals, 'changed-elsewhere'] as const;
  return reasons.find((one) => one === code) ?? 'undeliverable';
}
