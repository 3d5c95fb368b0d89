import { readNow } from '../../platform/postgres/clock.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Language } from '../../values/language.ts';
import { insertDisavowal } from '../disavowal/store.ts';
import type { Channel } from '../notices/channel.ts';
import type { MessagePayload } from '../notices/payload.ts';
import { enqueueMessages } from '../notices/store.ts';

/** The address of a message. */
export type Recipient = Pick<MessagePayload, 'channel' | 'to'>;

/** The person whom a notice concerns, and the language of the notice. */
interface NotifiedHolder {
  readonly holderId: string;
  readonly language: Language;
}

/**
 * Queues a notice for each recipient, with its own "this wasn't me" link. The new channel is
 * notified too (`contact-added`) but gets no link: only the former channels can stop a change.
 */
export async function notifyRecipients(
  transaction: Queryable,
  { holderId, language }: NotifiedHolder,
  kind: 'contact-proposed' | 'contact-changed' | 'contact-added',
  about: Channel,
  recipients: readonly Recipient[],
): Promise<void> {
  const at = (await readNow(transaction)).toISOString();
  const messages: MessagePayload[] = [];
  for (const recipient of recipients) {
    const link =
      kind === 'contact-added' ? {} : { disavowalId: await insertDisavowal(transaction, holderId) };
    messages.push({ ...recipient, ...link, language, kind, about, at });
  }
  await enqueueMessages(transaction, holderId, messages);
}

/** Notifies the former channels and the new one of a change. */
export async function notifyChanged(
  transaction: Queryable,
  holder: NotifiedHolder,
  about: Channel,
  before: readonly Recipient[],
  added: string | null,
): Promise<void> {
  await notifyRecipients(transaction, holder, 'contact-changed', about, before);
  if (added !== null)
    await notifyRecipients(transaction, holder, 'contact-added', about, [{ channel: about, to: added }]);
}
