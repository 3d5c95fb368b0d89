import { breakerOpen } from '../codes/codes.ts';
import type { CodeStore } from '../codes/ports.ts';

/** Whether codes are switched off because somebody is guessing over the whole population; as of the last look. */
export interface Breaker {
  readonly open: boolean;
  /** Looks again, at most every two seconds; `now` at once. */
  look(now?: 'now'): Promise<void>;
}

const everyMs = 2_000;

/** Keeps the answer in memory, so that pages cost no statement. */
export function makeBreaker(
  codes: CodeStore,
  rules: { readonly codeBreakerLeast: number; readonly codeBreakerMultiple: number },
): Breaker {
  let open = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    get open() {
      return open;
    },
    async look(now) {
      if (now === undefined && performance.now() - lookedAt < everyMs) return;
      lookedAt = performance.now();
      open = await breakerOpen(codes, { least: rules.codeBreakerLeast, multiple: rules.codeBreakerMultiple });
    },
  };
}
