import type { ChangeEntry } from '../changes/change.ts';

/** What happened to a holder's cabinet: a change of the requisites, or a security event. */
export type HistoryEntry =
  | {
      readonly kind: 'change';
      readonly id: string;
      readonly at: Date;
      readonly madeBy: 'holder' | 'fund';
      readonly number: string;
      readonly entries: readonly ChangeEntry[];
    }
  | {
      readonly kind: 'event';
      readonly id: string;
      readonly at: Date;
      readonly event: string;
      readonly device: string | null;
      readonly reason: string | null;
    };

export interface HistoryStore {
  /** The newest entries before `cursor` (all when undefined), and the cursor of older ones, if there are any. */
  page(
    holderId: string,
    cursor: string | undefined,
    size: number,
  ): Promise<{ readonly entries: readonly HistoryEntry[]; readonly older: string | undefined }>;
}
