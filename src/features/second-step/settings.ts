/** Whether a second step after the password is asked of everybody. */
export interface SecondStepSettings {
  /**
   * `offered`: it is asked of whoever has set one up. `required`: whoever has none gets a code by
   * SMS.
   */
  readonly mode: 'offered' | 'required';
  /** Whether a signature with eGov Mobile is a step, too. */
  readonly byPhone: boolean;
}
