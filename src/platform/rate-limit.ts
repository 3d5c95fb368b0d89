/** How often something may be done by each key: a session, a network. */
export interface RateLimit {
  /** Takes one; a refusal gives the seconds to wait, at least 1. */
  take(key: string): { readonly ok: true } | { readonly ok: false; readonly retryAfter: number };
}

export interface RateLimitOptions {
  /** So many at once. */
  readonly burst: number;
  /** So many a second after that. */
  readonly perSecond: number;
  /** Keys remembered; the longest unseen is forgotten first. */
  readonly keys: number;
}

/**
 * A bucket of tokens for each key, kept in this process: each instance counts apart, and nothing is
 * written to the database.
 * @param now milliseconds, never going back
 */
export function createRateLimit(
  options: RateLimitOptions,
  now: () => number = () => performance.now(),
): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key) {
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: options.burst, at };
      buckets.delete(key);
      const earned = ((at - bucket.at) / 1000) * options.perSecond;
      bucket.tokens = Math.min(options.burst, bucket.tokens + earned);
      bucket.at = at;
      buckets.set(key, bucket);
      if (buckets.size > options.keys) buckets.delete(buckets.keys().next().value ?? key);
      if (bucket.tokens < 1) {
        return { ok: false, retryAfter: Math.max(1, Math.ceil((1 - bucket.tokens) / options.perSecond)) };
      }
      bucket.tokens -= 1;
      return { ok: true };
    },
  };
}
