/**
 * Where a process of the service is killed. The two of the fund are reached at the stand-in, all
 * others at the database.
 */
export const points = [
  'before BEGIN',
  'after BEGIN',
  'after the row lock',
  'after the look for an earlier save',
  'with the write on its way',
  'after the write, before COMMIT',
  'with COMMIT on its way',
  'after COMMIT, before the answer',
  'after the lease of the outbox',
  'at the fund: arrived, not applied',
  'at the fund: applied, not answered',
  'before the mark',
  'after the mark',
  'while it drains after SIGTERM',
] as const;

export type Point = (typeof points)[number];

/** What the harness tells a node. */
export type Order =
  /** Die when you next come to this point. */
  | { readonly arm: Point }
  /** The fund has this change in hand: die if it is from you, say `notMine` if it is not. */
  | { readonly dieWith: string };

/** What a node tells the harness. */
export type Word = { readonly origin: string } | { readonly notMine: string };
