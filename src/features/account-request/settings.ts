/**
 * Time limits of a registration or recovery, and the thresholds at which guessing makes codes cost
 * work.
 */
export interface AccountRequestSettings {
  /** Minutes for the whole request. */
  readonly minutes: number;
  /** Minutes to choose the password after the code. */
  readonly choiceMinutes: number;
  /** A code never costs work below this number of failed codes in ten minutes. */
  readonly attackFailures: number;
  /**
   * A code costs work when the failures of ten minutes exceed this multiple of the normal number.
   */
  readonly attackMultiple: number;
}
