/** Hashes and checks passwords off the event loop, so many at a time. */
export interface PasswordHasher {
  /** True when more are waiting than can be served in a few seconds. */
  readonly saturated: boolean;
  /** Passwords that wait for their turn. */
  readonly waiting: number;
  hash(password: string): Promise<string>;
  /** With no hash on file the same work is done against a made-up one. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
  /** True when the hash was made with weaker parameters than today's. */
  outdated(hash: string): boolean;
}
