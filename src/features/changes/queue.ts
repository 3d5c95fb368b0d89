import type { Queue } from '../../platform/outbox/queue.ts';
import { notifyHolder } from '../notices/store.ts';
import { type DeliverChangeDeps, deliverChange } from './deliver-change.ts';
import { notifyAccepted } from './outcome-store.ts';

/**
 * Seconds between attempts while the fund gives no answer, and for how long: three days, never more
 * than five minutes apart.
 */
const backOff = [1, 5, 30, 120];
const everyMore = 300;
const rounds = backOff.length + (72 * 3_600) / everyMore;

/** How long a change for the fund waits after the attempt of this round; undefined: give it up. */
export function fundRetryDelay(round: number): number | undefined {
  return round > rounds ? undefined : (backOff[round - 1] ?? everyMore);
}

/** A change that waited so long was shown as late: its holder is notified when it has arrived. */
const lateAfterSeconds = 15 * 60;

/** Changes on their way to the fund: those of one holder one after another. */
export function fundQueue(deps: DeliverChangeDeps): Queue {
  return {
    name: 'fund',
    ordered: true,
    concurrency: 20,
    retryDelay: fundRetryDelay,
    ready: () => deps.fund.available,
    deliver: (message) => deliverChange(deps, message),
    // The page said that the fund does not answer: the holder is notified once it has.
    onDelivered: (message) =>
      message.ageSeconds > lateAfterSeconds ? (tx) => notifyAccepted(tx, message) : undefined,
    onDeadLetter:
      ({ holderId }) =>
      (tx) =>
        notifyHolder(tx, holderId, 'change-refused'),
  };
}
