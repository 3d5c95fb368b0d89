/**
 * Where a process of the service is killed. The stand-in of the fund reaches two of these points,
 * the database all others.
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

/** What the test tells a node. */
export type Order =
  /** Die at this point, the next time you get there. */
  | { readonly arm: Point }
  /** The fund is handling this change. Die if it is yours; answer `notMine` if it is not. */
  | { readonly dieWith: string };

/** What a node tells the test. */
export type Word = { readonly origin: string } | { readonly notMine: string };
