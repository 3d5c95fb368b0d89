import type { ShownReason } from './reasons.ts';

/** A refused signature, as a page shows it. */
export interface ShownRefusal {
  readonly reason: ShownReason;
  /** Since when no certificate could be checked, if that is the reason. */
  readonly since: string | undefined;
  /** The signature, when it may be sent again unchanged. */
  readonly again: { readonly id: string; readonly signature: string } | undefined;
}
