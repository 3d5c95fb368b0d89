/** Settings of mobile and e-mail, the channels that restore passwords. */
export interface ContactSettings {
  /** Prefixes of Kazakhstan's mobile providers, e.g. `701`. */
  readonly mobilePrefixes: readonly string[];
  /**
   * Hours that a new contact waits before it restores a password. The other channel cannot be
   * changed for the same time.
   */
  readonly waitHours: number;
  /** The same for a contact that was signed for. */
  readonly edsWaitHours: number;
  /** Minutes for which a proof of a change is valid. */
  readonly proofMinutes: number;
  /** Minutes for which a change waits for its proofs. */
  readonly pendingMinutes: number;
  /** Number of people who may have the same mobile on file. */
  readonly personsPerMobile: number;
}
