import type { OutboxMessage } from '../../platform/outbox/message.ts';
import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays } from '../../platform/outbox/retry.ts';
import { type FetchRequisitesDeps, fetchRequisites } from '../requisites/fetch-requisites.ts';
import { notifyHolder, type SecurityNotice } from './store.ts';

/** A notice without channels; without a kind, only the requisites are to be taken over. */
interface UnaddressedNotice {
  readonly kind?: SecurityNotice;
  readonly device?: string;
  readonly at?: string;
}

/**
 * Notices of holders whose requisites, and so whose channels, are not here yet. Once the fund has
 * been asked, each notice is queued again with its channels, and nothing is left of it here.
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
