import type { Channel } from '../features/notices/channel.ts';
import type { MessageSender, RenderedMessage } from '../features/notices/sender.ts';
import { Undeliverable } from '../platform/outbox/undeliverable.ts';

/** The outside world behind a channel, as an adapter gives it: it only sends and answers. */
export interface Gateway {
  readonly channel: Channel;
  /**
   * Hands a message over; waits for its turn before each piece. Throws `Undeliverable` when the gateway will never take
   * it, anything else when another try may help.
   */
  send(message: RenderedMessage, turns: Pace): Promise<void>;
  /** Resolves when the gateway answers; connects where there is no connection. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** When the next piece may leave. */
export interface Pace {
  /** Throws when the message's time is up. */
  next(): Promise<void>;
  /** The gateway wants fewer: everybody waits half a second, then one, two, … up to eight. */
  slower(): void;
}

export interface GatewayLimits {
  /** Messages handed over at the same time. */
  readonly atOnce: number;
  /** Of those, kept free for codes. */
  readonly reserved: number;
  /** Pieces (SMS parts, e-mails) a second. */
  readonly perSecond: number;
  /** For one message, waiting for its turn included; milliseconds, well under the 30 seconds of a lease. */
  readonly deadline: number;
  /** Failures in a row after which the gateway counts as down. */
  readonly failures: number;
  /** Milliseconds between questions whether it is back. */
  readonly probeDown: number;
  /** Milliseconds between questions whether it still answers; undefined: only messages tell. */
  readonly probeUp?: number;
  /** The longest rest after refusals of our account, in milliseconds; it doubles from `probeDown`. */
  readonly longestRest: number;
}

export const defaultGatewayLimits: GatewayLimits = {
  atOnce: 10,
  reserved: 3,
  perSecond: 30,
  deadline: 15_000,
  failures: 3,
  probeDown: 5_000,
  longestRest: 15 * 60_000,
};

/**
 * Who is to blame for a failure that another try may mend.
 * - `gateway`: the gateway or the way to it. So many in a row, and it counts as down.
 * - `account`: it refused our user name, password or rights. It counts as down at once and is asked ever more rarely, because
 *   operators lock accounts that keep trying.
 * - `message`: it refused this message or this recipient for now. That says nothing of other messages.
 * - `unclear`: one recipient's refusals count once, so that only several recipients in a row close the channel.
 */
export type Blame = 'gateway' | 'account' | 'message' | 'unclear';

/** What may be stored of a failure: a code, never a value. */
export class GatewayFailure extends Error {
  override readonly name = 'GatewayFailure';
  readonly code: string;
  readonly blame: Blame;
  constructor(code: string, blame: Blame = 'gateway') {
    super(code);
    this.code = code;
    this.blame = blame;
  }
}

/** Hears how a gateway does. Codes are an SMTP reply (`SMTP_451`), an SMPP status (`SMPP_SUBMIT_0x08`) or a system error. */
export interface GatewayWatch {
  /** It went down, with the code of the last failure, or came back. */
  changed?(available: boolean, code?: string): void;
  /** It did not take a message. */
  failed?(code: string): void;
  /** It refuses our account, with the code; or no longer does, without one. */
  account?(code: string | undefined): void;
}

/**
 * Makes a sender of a gateway: codes go first, so many at once and a second, each within a deadline; after failures of its
 * own in a row nothing is tried until the gateway answers a question again.
 */
export function createMessageSender(
  make: (lost: () => void) => Gateway,
  limits: GatewayLimits,
  watch: GatewayWatch = {},
): MessageSender {
  let available = true;
  let failed = 0;
  /** Recipients of messages refused without a clear reason since the last success. */
  const unclear = new Set<string>();
  let accountRefusals = 0;
  let restUntil = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let probing: Promise<void> | undefined;
  const hands = createWaitingLines();
  const pace = createWaitingLines();
  let inHand = 0;
  let tokens = 1;
  let filledAt = performance.now();
  let pausedUntil = 0;
  let pauses = 0;
  let paceTimer: NodeJS.Timeout | undefined;

  const gateway = make(() => probe());
  probe();

  function setAvailable(now: boolean, code?: string): void {
    if (now) {
      failed = 0;
      unclear.clear();
    }
    if (available === now) return;
    available = now;
    watch.changed?.(now, code);
  }

  /** Called when the gateway answered or took something. */
  function accountWorks(): void {
    if (accountRefusals === 0) return;
    accountRefusals = 0;
    watch.account?.(undefined);
  }

  function accountRefused(code: string): void {
    setAvailable(false, code);
    // Messages that waited for the same refused sign-in.
    if (performance.now() < restUntil) return;
    const rest = Math.min(limits.longestRest, limits.probeDown * 2 ** Math.min(accountRefusals, 20));
    restUntil = performance.now() + rest;
    accountRefusals += 1;
    if (accountRefusals === 1) watch.account?.(code);
  }

  function probe(): void {
    clearTimeout(timer);
    if (closed || probing) return;
    const rest = restUntil - performance.now();
    if (rest > 0) {
      timer = setTimeout(probe, rest).unref();
      return;
    }
    probing = withTimeout(limits.deadline, gateway.probe())
      .then(
        // An answer does not outweigh messages that fail.
        () => {
          accountWorks();
          if (!available) setAvailable(true);
        },
        (error) => {
          if (isOfAccount(error)) accountRefused(error.code);
          else setAvailable(false, codeOf(error));
        },
      )
      .finally(() => {
        probing = undefined;
        const wait = available ? limits.probeUp : Math.max(limits.probeDown, restUntil - performance.now());
        if (!closed && wait !== undefined) timer = setTimeout(probe, wait).unref();
      });
  }

  /** Counts a failed message against the gateway as far as it is to blame. */
  function count(error: unknown, to: string, waiting: boolean): void {
    if (isOfAccount(error)) {
      accountRefused(error.code);
      probe();
      return;
    }
    const blame = error instanceof GatewayFailure ? error.blame : 'gateway';
    if (error instanceof Undeliverable || blame === 'message') {
      failed = 0;
      unclear.clear();
    } else if (blame === 'unclear') unclear.add(to);
    else if (!waiting) failed += 1;
    if (failed + unclear.size < limits.failures) return;
    setAvailable(false, codeOf(error));
    probe();
  }

  function takeHand(): void {
    const free = limits.atOnce - inHand;
    const next = free > limits.reserved ? hands.shift() : free > 0 ? hands.shiftUrgent() : undefined;
    if (!next) return;
    inHand += 1;
    next();
  }

  function giveHand(): void {
    inHand -= 1;
    takeHand();
  }

  /** A bucket of one second's pieces, that fills evenly. */
  function takeTurn(): void {
    clearTimeout(paceTimer);
    const now = performance.now();
    tokens = Math.min(limits.perSecond, tokens + ((now - filledAt) / 1_000) * limits.perSecond);
    filledAt = now;
    while (now >= pausedUntil && tokens >= 1) {
      const next = pace.shift();
      if (!next) return;
      tokens -= 1;
      next();
    }
    if (pace.empty()) return;
    const wait = Math.max(pausedUntil - now, ((1 - tokens) / limits.perSecond) * 1_000, 1);
    paceTimer = setTimeout(takeTurn, wait);
  }

  function slower(): void {
    const now = performance.now();
    if (now < pausedUntil) return;
    pausedUntil = now + 500 * 2 ** Math.min(pauses, 4);
    pauses += 1;
  }

  return {
    channel: gateway.channel,
    get available() {
      return available;
    },
    async send(message) {
      if (!available) throw new GatewayFailure('GATEWAY_DOWN');
      const { urgent } = message;
      const deadline = new AbortController();
      const late = setTimeout(() => deadline.abort(new GatewayFailure('GATEWAY_TIMEOUT')), limits.deadline);
      const { signal } = deadline;
      // Time that runs out while we wait for ourselves says nothing of the gateway.
      let waiting = true;
      const next = async (): Promise<void> => {
        signal.throwIfAborted();
        waiting = true;
        await pace.wait(urgent, signal, takeTurn);
        waiting = false;
      };
      try {
        await hands.wait(urgent, signal, takeHand);
        waiting = false;
        try {
          // It may have gone down while this message waited.
          if (!available) throw new GatewayFailure('GATEWAY_DOWN');
          await unlessAborted(signal, gateway.send(message, { next, slower }));
        } finally {
          giveHand();
        }
        pauses = 0;
        accountWorks();
        setAvailable(true);
      } catch (error) {
        if (available) {
          watch.failed?.(codeOf(error));
          count(error, message.to, waiting);
        }
        throw error;
      } finally {
        clearTimeout(late);
      }
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(paceTimer);
      await gateway.close();
    },
  };
}

function isOfAccount(error: unknown): error is GatewayFailure {
  return error instanceof GatewayFailure && error.blame === 'account';
}

/** The code of a failure; never its message, which can hold values. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'UNKNOWN';
}

/** Waits for a place in one of two lines; the urgent line is served first. */
function createWaitingLines() {
  const urgent = new Set<() => void>();
  const others = new Set<() => void>();
  const take = (line: Set<() => void>): (() => void) | undefined => {
    const [next] = line;
    if (next) line.delete(next);
    return next;
  };
  return {
    shift: () => take(urgent) ?? take(others),
    shiftUrgent: () => take(urgent),
    empty: () => urgent.size + others.size === 0,
    wait: (isUrgent: boolean, signal: AbortSignal, serve: () => void): Promise<void> =>
      new Promise((resolve, reject) => {
        const line = isUrgent ? urgent : others;
        const aborted = () => {
          line.delete(served);
          reject(signal.reason);
        };
        const served = () => {
          signal.removeEventListener('abort', aborted);
          resolve();
        };
        signal.addEventListener('abort', aborted, { once: true });
        line.add(served);
        serve();
      }),
  };
}

function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

function withTimeout<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  return unlessAborted(AbortSignal.timeout(milliseconds), work);
}
