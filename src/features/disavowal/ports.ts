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
