import type { ChangeEntry } from '../requisites/ports.ts';

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

/** What a "this wasn't me" link can do, once. */
export interface FreezeStore {
  /** Whether the link still stands for something: not expired. A used one stands, and does nothing more. */
  findDisavowal(disavowalId: string): Promise<boolean>;
  /**
   * Stops recovery and contact changes, ends all sessions, drops what was pending, and tells the channels on file; one
   * transaction. A second use changes nothing.
   */
  freeze(disavowalId: string, requestId: string): Promise<void>;
}
