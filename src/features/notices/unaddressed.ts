import type { OutboxMessage } from '../../platform/outbox/message.ts';
import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays } from '../../platform/outbox/retry.ts';
import { type FetchRequisitesDeps, fetchRequisites } from '../requisites/fetch-requisites.ts';
import { notifyHolder, type SecurityNotice } from './store.ts';

/** A notice without channels. Without a kind, only the requisites are requested. */
interface UnaddressedNotice {
  readonly kind?: SecurityNotice;
  readonly device?: string;
  readonly at?: string;
}

/**
 * Notices of holders whose requisites, and therefore channels, are not here yet. Once the fund has
 * answered, each notice is queued again with its channels, and leaves this queue.
 */
export function unaddressedQueue(deps: FetchRequisitesDeps): Queue {
  return {
    name: 'unaddressed',
    ordered: true,
    concurrency: 4,
    retryDelay: retryForThreeDays,
    ready: () => deps.fund.available,
    deliver: (message) => fetchRequisites(deps, message),
    deletesDelivered: true,
    onDelivered: ({ holderId, payload }: OutboxMessage) => {
      const { kind, device, at } = payload as UnaddressedNotice;
      return kind === undefined ? undefined : (tx) => notifyHolder(tx, holderId, kind, { device, at });
    },
  };
}
