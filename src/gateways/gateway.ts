import type { Channel } from '../features/notices/channel.ts';
import type { RenderedMessage } from '../features/notices/sender.ts';

/** The outside world behind a channel, as one protocol reaches it: it only sends and answers. */
export interface Gateway {
  readonly channel: Channel;
  /**
   * Hands a message over; waits for the pace before each piece. Throws `Undeliverable` when the
   * gateway will never take it, anything else when another try may help.
   */
  send(message: RenderedMessage, pace: Pace): Promise<void>;
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

/**
 * Who is to blame for a failure that another try may mend.
 * - `gateway`: the gateway or the way to it. So many in a row, and it counts as down.
 * - `account`: it refused our user name, password or rights. It counts as down at once and is asked
 *   ever more rarely, because operators lock accounts that keep trying.
 * - `message`: it refused this message or this recipient for now. That says nothing of other
 *   messages.
 * - `unclear`: one recipient's refusals count once, so that only several recipients in a row close
 *   the channel.
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

export function isOfAccount(error: unknown): error is GatewayFailure {
  return error instanceof GatewayFailure && error.blame === 'account';
}

/** The code of a failure; never its message, which can hold values. */
export function failureCode(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'UNKNOWN';
}
