/**
 * The outcome of an action that may be refused for a reason that a person can be told. An expected
 * failure is a value, and only an unexpected one throws.
 */
export type Result<Value, Reason extends string> =
  | { readonly ok: true; readonly value: Value }
  | Refusal<Reason>;

/**
 * A refusal. `reason` is a key of the texts, and `detail` fills the text's placeholder if it has
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

/** Builds a refusal. `detail` is left out when there is none. */
export function refused<Reason extends string>(reason: Reason, detail?: string): Refusal<Reason> {
  return detail === undefined ? { ok: false, reason } : { ok: false, reason, detail };
}
