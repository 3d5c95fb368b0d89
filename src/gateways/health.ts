import { errorCode } from '../platform/error-code.ts';
import { Undeliverable } from '../platform/outbox/undeliverable.ts';
import { GatewayFailure, isOfAccount } from './gateway.ts';

/**
 * Observes the state of a gateway. Codes are an SMTP reply (`SMTP_451`), an SMPP status
 * (`SMPP_SUBMIT_0x08`) or a system error.
 */
export interface GatewayWatch {
  /** The gateway went down, with the code of the last failure, or came back. */
  changed?(available: boolean, code?: string): void;
  /** The gateway did not accept a message. */
  failed?(code: string): void;
  /** The gateway refuses our account (with the code), or accepts it again (without one). */
  account?(code: string | undefined): void;
}

/** When a gateway counts as down, and how often to check whether it is back. */
export interface HealthLimits {
  /** Milliseconds to wait for an answer. */
  readonly deadline: number;
  /** Failures in a row after which the gateway counts as down. */
  readonly failures: number;
  /** Milliseconds between probes of a gateway that is down. */
  readonly probeDown: number;
  /** Milliseconds between probes of a working gateway; undefined: it is judged by messages only. */
  readonly probeUp?: number;
  /**
   * The longest pause after refusals of our account, in milliseconds. Pauses start at `probeDown`
   * and double.
   */
  readonly longestRest: number;
}

/** The state of a gateway, judged by its answers. */
export interface GatewayHealth {
  readonly available: boolean;
  /** The gateway accepted a message. */
  succeeded(): void;
  /**
   * Counts a failed message against the gateway, unless something else caused the failure.
   * @param waited true when the time ran out while the message waited for our own limits, which
   * says nothing about the gateway
   */
  failed(error: unknown, to: string, waited: boolean): void;
  /** Asks the gateway whether it answers, unless a probe is already running. */
  probe(): void;
  close(): void;
}

/**
 * The gateway starts as available. After failures in a row it counts as down until it answers a
 * probe.
 */
export function createGatewayHealth(
  ask: () => Promise<void>,
  limits: HealthLimits,
  watch: GatewayWatch,
): GatewayHealth {
  let available = true;
  const failures = countFailures(limits.failures);
  const account = createAccountRest(limits, watch);
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let probing: Promise<void> | undefined;

  function setAvailable(now: boolean, code?: string): void {
    if (now) failures.forget();
    if (available === now) return;
    available = now;
    watch.changed?.(now, code);
  }

  function accountRefused(code: string): void {
    setAvailable(false, code);
    account.refused(code);
  }

  function probe(): void {
    clearTimeout(timer);
    if (closed || probing) return;
    const rest = account.restMs();
    if (rest > 0) {
      timer = setTimeout(probe, rest).unref();
      return;
    }
    probing = unlessAborted(AbortSignal.timeout(limits.deadline), ask())
      .then(
        // A successful probe does not reset the count of failed messages.
        () => {
          account.works();
          if (!available) setAvailable(true);
        },
        (error) => {
          if (isOfAccount(error)) accountRefused(error.code);
          else setAvailable(false, errorCode(error));
        },
      )
      .finally(() => {
        probing = undefined;
        const wait = available ? limits.probeUp : Math.max(limits.probeDown, account.restMs());
        if (!closed && wait !== undefined) timer = setTimeout(probe, wait).unref();
      });
  }

  return {
    get available() {
      return available;
    },
    succeeded() {
      account.works();
      setAvailable(true);
    },
    failed(error, to, waited) {
      if (isOfAccount(error)) {
        accountRefused(error.code);
        probe();
        return;
      }
      if (!failures.add(error, to, waited)) return;
      setAvailable(false, errorCode(error));
      probe();
    },
    probe,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The outcome of `work`. If `signal` is aborted first, throws its reason. */
function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

/** Counts failed messages since the last success. */
function countFailures(most: number) {
  let count = 0;
  /** Recipients whose messages were refused without a clear reason. */
  const unclear = new Set<string>();
  const forget = (): void => {
    count = 0;
    unclear.clear();
  };
  return {
    forget,
    /** True when there are so many failures that the gateway counts as down. */
    add(error: unknown, to: string, waited: boolean): boolean {
      const blame = error instanceof GatewayFailure ? error.blame : 'gateway';
      if (error instanceof Undeliverable || blame === 'message') forget();
      else if (blame === 'unclear') unclear.add(to);
      else if (!waited) count += 1;
      return count + unclear.size >= most;
    },
  };
}

/**
 * How long to leave the gateway alone after it refused our account. Operators lock accounts that
 * keep trying.
 */
function createAccountRest({ longestRest, probeDown }: HealthLimits, watch: GatewayWatch) {
  let refusals = 0;
  let restUntil = 0;
  return {
    restMs: () => restUntil - performance.now(),
    refused(code: string): void {
      // These messages waited for the sign-in that was already refused.
      if (performance.now() < restUntil) return;
      restUntil = performance.now() + Math.min(longestRest, probeDown * 2 ** Math.min(refusals, 20));
      refusals += 1;
      if (refusals === 1) watch.account?.(code);
    },
    /** The gateway answered a probe or accepted a message. */
    works(): void {
      if (refusals === 0) return;
      refusals = 0;
      watch.account?.(undefined);
    },
  };
}
