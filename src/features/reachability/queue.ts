import type { Fund } from '../../fund/port.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays } from '../../platform/outbox/retry.ts';
import type { Iin } from '../../values/iin.ts';

interface Payload {
  readonly iin: Iin;
  /** ISO 8601. */
  readonly confirmedAt: string;
}

/** Confirmations on their way to the fund. Which one arrives first does not matter. */
export function confirmationQueue({ fund }: { readonly fund: Fund }): Queue {
  return {
    name: 'confirmation',
    ordered: false,
    concurrency: 4,
    retryDelay: retryForThreeDays,
    ready: () => fund.available,
    async deliver({ payload }: OutboxMessage) {
      const { iin, confirmedAt } = payload as Payload;
      await fund.confirm(iin, new Date(confirmedAt));
    },
    deletesDelivered: true,
  };
}
