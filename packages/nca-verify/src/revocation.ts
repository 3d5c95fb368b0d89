/** What a revocation source says of one certificate. */
export type Status =
  | { readonly status: 'good'; readonly asOf: number }
  /**
   * `at` is null where the source gives no believable time, as for a certificate that was never
   * issued.
   */
  | { readonly status: 'revoked'; readonly at: number | null; readonly detail: string }
  /** `final` when an authorised responder said so itself: no other source may overrule it. */
  | { readonly status: 'unknown'; readonly final: boolean; readonly detail: string };

/** How far the clocks of an authority and ours may differ, in milliseconds. */
export const CLOCK_SKEW = 5 * 60_000;
