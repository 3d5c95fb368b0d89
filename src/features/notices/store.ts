import { enqueue } from '../../platform/outbox/store.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { MessagePayload } from './ports.ts';

/**
 * Puts messages of a holder into the outbox: codes into a queue of their own, so that mailings never
 * delay them.
 */
export async function enqueueMessages(
  transaction: Queryable,
  holderId: string,
  messages: readonly MessagePayload[],
): Promise<void> {
  await enqueue(
    transaction,
    holderId,
    messages.map((payload) => ({ queue: payload.kind === 'code' ? 'code' : 'notice', payload })),
  );
}
