/** What a source says about the revocation of one certificate. */
export type Status =
  | { readonly status: 'good'; readonly asOf: number }
  /**
   * `at` is null when the source gives no credible time, as for a certificate that was never
   * issued.
   */
  | { readonly status: 'revoked'; readonly at: number | null; readonly detail: string }
  /** `final` when an authorised responder said so: no other source may overrule it. */
  | { readonly status: 'unknown'; readonly final: boolean; readonly detail: string };

/** The tolerated difference between the authority's clock and ours, in milliseconds. */
export const CLOCK_SKEW = 5 * 60_000;
