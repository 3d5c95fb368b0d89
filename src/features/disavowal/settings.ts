export interface DisavowalSettings {
  /** How long the link "this wasn't me" works. */
  readonly days: number;
}
