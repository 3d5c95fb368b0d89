export interface EdsSettings {
  /** Seconds within which the signed bytes must come back. */
  readonly challengeSeconds: number;
}
