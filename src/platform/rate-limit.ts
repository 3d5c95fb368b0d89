/** Limits how often each key, such as a session or a network, may do something. */
export interface RateLimit {
  /** Takes one. A refusal gives the seconds to wait, at least 1. */
  take(key: string): { readonly ok: true } | { readonly ok: false; readonly retryAfter: number };
}

export interface RateLimitOptions {
  /** How many may happen at once. */
  readonly burst: number;
  /** How many a second may happen after that. */
  readonly perSecond: number;
  /** How many keys are remembered. The one unused for the longest time is forgotten first. */
  readonly keys: number;
}

/**
 * A token bucket for each key, kept in this process: each instance counts by itself, and nothing is
 * written to the database.
 * @param now a monotonic clock, milliseconds
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
