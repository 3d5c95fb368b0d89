import { breakerOpen } from '../codes/codes.ts';
import type { CodeStore } from '../codes/ports.ts';

/** Whether somebody is guessing codes over the whole population; as of the last look. */
export interface Breaker {
  readonly open: boolean;
  /** Looks again. Every process that answers people does so every two seconds. */
  look(): Promise<void>;
}

/** Keeps the answer in memory, so that pages cost no statement. */
export function makeBreaker(
  codes: CodeStore,
  rules: { readonly codeBreakerLeast: number; readonly codeBreakerMultiple: number },
): Breaker {
  let open = false;
  return {
    get open() {
      return open;
    },
    async look() {
      open = await breakerOpen(codes, { least: rules.codeBreakerLeast, multiple: rules.codeBreakerMultiple });
    },
  };
}
