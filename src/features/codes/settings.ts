/**
 * How many codes are sent, and how long they are valid. A message needs the permission of every
 * limit.
 */
export interface CodeSettings {
  /** Codes for one person or value in 15 minutes. */
  readonly perQuarterHour: number;
  /** Codes for one person or value in a day. */
  readonly perDay: number;
  /** Account requests begun from one network in an hour. */
  readonly perNetworkHour: number;
  /** Codes for everybody in an hour. */
  readonly perHour: number;
  /** Minutes for which a code that confirms a change is valid. */
  readonly confirmationMinutes: number;
  /** Minutes for which a code of registration or recovery is valid. */
  readonly accountRequestMinutes: number;
}
