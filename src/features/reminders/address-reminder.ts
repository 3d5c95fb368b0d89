import type { Fund } from '../../fund/port.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { type Channel, channels } from '../notices/channel.ts';
import type { ReminderNotice, ReminderPayload } from '../notices/payload.ts';
import type { MessageSender } from '../notices/sender.ts';
import { type ReminderKind, reminderDays } from './kinds.ts';
import { lastDayOf } from './last-day.ts';
import { readReminderRecipient, writeDocumentEnd } from './store.ts';

export interface AddressReminderDeps {
  readonly database: Queryable;
  readonly fund: Fund;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
}

/** What the daily run writes into the outbox: nothing of it is personal. */
interface Payload {
  readonly kind: ReminderNotice;
  /** `2029-09-05` */
  readonly endsOn: string;
  readonly days: number;
}

const kinds: Readonly<Record<ReminderNotice, ReminderKind>> = {
  'key-ends': 'key',
  'document-ends': 'document',
};

/**
 * Decides, when a reminder is about to leave, whether it is still right and where it goes. Nobody
 * is reminded who has renewed, has switched it off, has a locked cabinet, or whom the fund no
 * longer lets in. The first reminder prefers e-mail, which has room for what to do, and the second
 * one the mobile, which is read at once.
 * @returns undefined when nothing is to be sent
 * @throws FundUnavailable when the fund does not answer: the reminder waits
 */
export async function addressReminder(
  { database, fund, senders }: AddressReminderDeps,
  { holderId, payload }: Pick<OutboxMessage, 'holderId' | 'payload'>,
): Promise<ReminderPayload | undefined> {
  const { kind, endsOn, days } = payload as Payload;
  const what = kinds[kind];
  const recipient = await readReminderRecipient(database, holderId, what);
  if (!recipient || recipient.silent || recipient.endsOn !== endsOn) return undefined;
  const person = await fund.read(recipient.iin);
  if (person?.status !== 'active') return undefined;
  if (what === 'document') {
    const last = lastDayOf(person, recipient.today);
    if (last !== undefined && last !== endsOn) {
      await writeDocumentEnd(database, holderId, last);
      return undefined;
    }
  }
  const preferred = days === reminderDays[what][0] ? (['email', 'mobile'] as const) : channels;
  const onFile = preferred.flatMap((channel) => {
    const to = recipient[channel];
    return to === null ? [] : [{ channel, to }];
  });
  const chosen = onFile.find(({ channel }) => !senders[channel].absent) ?? onFile[0];
  return chosen && { kind, endsOn, language: recipient.language, ...chosen };
}
