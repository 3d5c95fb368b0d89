export interface DisavowalSettings {
  /** Days for which the link "this wasn't me" works. */
  readonly days: number;
}
