import type { Channel } from '../features/notices/channel.ts';
import type { RenderedMessage } from '../features/notices/sender.ts';

/** A protocol that reaches a channel's recipients. It only sends and reports the outcome. */
export interface Gateway {
  readonly channel: Channel;
  /**
   * Hands a message over and waits for the pace before each piece. Throws `Undeliverable` when the
   * gateway will never accept it, and another error when a retry may help.
   */
  send(message: RenderedMessage, pace: Pace): Promise<void>;
  /** Resolves when the gateway answers. Connects first if there is no connection. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Decides when the next piece may be sent. */
export interface Pace {
  /** Throws when the message's time limit has passed. */
  next(): Promise<void>;
  /**
   * Called when the gateway wants fewer messages. Everybody waits half a second, then 1, 2 and so
   * on up to 8 seconds.
   */
  slower(): void;
}

/**
 * What caused a failure that a retry may fix.
 * - `gateway`: the gateway or the way to it. After several in a row it counts as down.
 * - `account`: it refused our user name, password or rights. It counts as down at once and is asked
 *   at growing intervals, because operators lock accounts that keep trying.
 * - `message`: it refused this message or this recipient for now. Other messages are unaffected.
 * - `unclear`: refusals of one recipient count once, so that only several recipients in a row close
 *   the channel.
 */
export type Blame = 'gateway' | 'account' | 'message' | 'unclear';

/** A failure whose code may be stored; it holds no personal value. */
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
