/** What holds for mobile and e-mail, by which passwords are restored. */
export interface ContactSettings {
  /** Prefixes of Kazakhstan's mobile providers, e.g. `701`. */
  readonly mobilePrefixes: readonly string[];
  /** How long a new contact waits before it restores a password, and the other one rests. */
  readonly waitHours: number;
  /** The same for one that was signed for. */
  readonly edsWaitHours: number;
  /** Proofs of a change are not older than this when it is made. */
  readonly proofMinutes: number;
  /** How long a change waits for its proofs. */
  readonly pendingMinutes: number;
  /** People who may have one mobile on file. */
  readonly personsPerMobile: number;
}
