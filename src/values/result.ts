/**
 * The outcome of something that may be refused for a reason a person can be told.
 * An expected failure is a value; only the unexpected throws.
 */
export type Result<Value, Reason extends string> =
  | { readonly ok: true; readonly value: Value }
  | Refusal<Reason>;

/**
 * A refusal: `reason` is a key of the texts, `detail` fills the text's placeholder where it has
 * one.
 */
export interface Refusal<Reason extends string> {
  readonly ok: false;
  readonly reason: Reason;
  readonly detail?: string;
}

/** Wraps an accepted value. */
export function accepted<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** Builds a refusal; `detail` is left out when there is none. */
export function refused<Reason extends string>(reason: Reason, detail?: string): Refusal<Reason> {
  return detail === undefined ? { ok: false, reason } : { ok: false, reason, detail };
}
