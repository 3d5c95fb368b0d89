export interface EdsSettings {
  /** How long bytes given out may come back signed. */
  readonly challengeSeconds: number;
}
