/** How long sessions last, and how many one person may have. */
export interface SessionSettings {
  /** Minutes without a request after which a session ends. */
  readonly idleMinutes: number;
  /** Hours after which a session ends in any case. */
  readonly maxHours: number;
  /** Maximum number of sessions. One more ends the oldest. */
  readonly perPerson: number;
}

/** How failed sign-ins are slowed down. */
export interface SignInSettings {
  /** Failures of one IIN from one network, or of a known device, before a delay begins. */
  readonly freeFailures: number;
  readonly maxDelayMinutes: number;
  /** Failures of one IIN from anywhere before unknown devices must wait. */
  readonly iinFailures: number;
}
