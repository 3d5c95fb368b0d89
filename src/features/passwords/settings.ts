export interface PasswordSettings {
  /** Passwords hashed at the same time on this machine by all its processes together. */
  readonly hashesAtOnce: number;
}
