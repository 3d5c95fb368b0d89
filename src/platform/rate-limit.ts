/** How often one session may ask for suggestions. */
export interface RateLimit {
  /** Takes one question; refused ones give the seconds to wait, at least 1. */
  take(session: string): { readonly ok: true } | { readonly ok: false; readonly retryAfter: number };
}

export interface RateLimitOptions {
  /** Questions at once. */
  readonly burst: number;
  /** Questions a second after that. */
  readonly perSecond: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Sessions remembered; the longest unseen is forgotten first. */
  readonly sessions: number;
}

/** People type fast and a few keys at once: 60 questions, then 10 a second. */
const suggestionRate: RateLimitOptions = {
  burst: 60,
  perSecond: 10,
  now: () => performance.now(),
  sessions: 20_000,
};

/**
 * A bucket of tokens for each session, kept in this process: it guards Kazpost and the processor against a script, so
 * being counted on each node apart does no harm, and a keystroke costs no write to the database.
 */
export function createRateLimit(options: RateLimitOptions = suggestionRate): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(session) {
      const now = options.now();
      const bucket = buckets.get(session) ?? { tokens: options.burst, at: now };
      buckets.delete(session);
      const earned = ((now - bucket.at) / 1000) * options.perSecond;
      bucket.tokens = Math.min(options.burst, bucket.tokens + earned);
      bucket.at = now;
      buckets.set(session, bucket);
      if (buckets.size > options.sessions) buckets.delete(buckets.keys().next().value ?? session);
      if (bucket.tokens < 1) {
        return { ok: false, retryAfter: Math.max(1, Math.ceil((1 - bucket.tokens) / options.perSecond)) };
      }
      bucket.tokens -= 1;
      return { ok: true };
    },
  };
}
