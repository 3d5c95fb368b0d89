/** How long sessions last, and how many one person may have. */
export interface SessionSettings {
  /** A session ends after so long without a request. */
  readonly idleMinutes: number;
  /** A session ends after so long in any case. */
  readonly maxHours: number;
  /** One more ends the oldest. */
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
