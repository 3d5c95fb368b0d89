/** How long a registration or recovery may take, and when guessing at codes stops it. */
export interface AccountRequestSettings {
  /** The whole of it. */
  readonly minutes: number;
  /** The choice of a password after the code. */
  readonly choiceMinutes: number;
  /** Failed codes in ten minutes below which a code never costs work. */
  readonly attackFailures: number;
  /** A code costs work when the failures of ten minutes exceed so many times the normal. */
  readonly attackMultiple: number;
}
