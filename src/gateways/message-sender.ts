import type { MessageSender } from '../features/notices/sender.ts';
import { errorCode } from '../platform/error-code.ts';
import { type Gateway, GatewayFailure } from './gateway.ts';
import { createHandoverQueue } from './handover-queue.ts';
import { createGatewayHealth, type GatewayWatch, type HealthLimits } from './health.ts';
import { createPacer } from './pace.ts';

/**
 * `deadline` (milliseconds) is for one message, waiting included. It must be well below the lease
 * of 30 seconds.
 */
export interface GatewayLimits extends HealthLimits {
  /** How many messages are handed over at the same time. */
  readonly atOnce: number;
  /** How many of these places are kept free for codes. */
  readonly reserved: number;
  /** Pieces (SMS parts, e-mails) a second. */
  readonly perSecond: number;
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
 * Creates the sender of a gateway. Codes go first. The number of messages at once and per second is
 * limited, and each has a deadline. After several failures of the gateway in a row, nothing is sent
 * until it answers a probe.
 */
export function createMessageSender(
  createGateway: (lost: () => void) => Gateway,
  limits: GatewayLimits,
  watch: GatewayWatch = {},
): MessageSender {
  const queue = createHandoverQueue(limits);
  const pacer = createPacer(limits.perSecond);
  const gateway = createGateway(() => health.probe());
  const health = createGatewayHealth(() => gateway.probe(), limits, watch);
  health.probe();

  return {
    channel: gateway.channel,
    get available() {
      return health.available;
    },
    async send(message) {
      if (!health.available) throw new GatewayFailure('GATEWAY_DOWN');
      const { urgent } = message;
      const deadline = new AbortController();
      const late = setTimeout(() => deadline.abort(new GatewayFailure('GATEWAY_TIMEOUT')), limits.deadline);
      const { signal } = deadline;
      // A time-out while we wait for our own limits says nothing about the gateway.
      let waiting = true;
      const next = async (): Promise<void> => {
        signal.throwIfAborted();
        waiting = true;
        await pacer.next(urgent, signal);
        waiting = false;
      };
      try {
        await queue.run(urgent, signal, async () => {
          waiting = false;
          // The gateway may have gone down while this message waited.
          if (!health.available) throw new GatewayFailure('GATEWAY_DOWN');
          await gateway.send(message, { next, slower: pacer.slower });
        });
        pacer.recovered();
        health.succeeded();
      } catch (error) {
        if (health.available) {
          watch.failed?.(errorCode(error));
          health.failed(error, message.to, waiting);
        }
        throw error;
      } finally {
        clearTimeout(late);
      }
    },
    async close() {
      health.close();
      pacer.close();
      await gateway.close();
    },
  };
}
