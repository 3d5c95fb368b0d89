/** How many codes are sent, where every limit must allow a message, and how long they live. */
export interface CodeSettings {
  /** To one person or value in 15 minutes. */
  readonly perQuarterHour: number;
  /** To one person or value in a day. */
  readonly perDay: number;
  /** Account requests begun from one network in an hour. */
  readonly perNetworkHour: number;
  /** To everybody in an hour. */
  readonly perHour: number;
  /** How long a code that confirms a change lives. */
  readonly confirmationMinutes: number;
  /** How long a code of registration or recovery lives. */
  readonly accountRequestMinutes: number;
}
