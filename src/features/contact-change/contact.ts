import type { ChangeEntry } from '../changes/change.ts';
import { type Channel, channels } from '../notices/channel.ts';
import { channelOf } from '../requisites/fields/fields.ts';

/** The channels that a change affects. It needs their proofs. */
export function touchedChannels(entries: readonly ChangeEntry[]): Channel[] {
  return channels.filter((channel) => entries.some(({ field }) => channelOf(field) === channel));
}

/** The new value of a channel. Null when it is removed. */
export function newContact(entries: readonly ChangeEntry[], channel: Channel): string | null {
  return entries.find(({ field }) => channelOf(field) === channel)?.new ?? null;
}

/**
 * `+7 (701) •••-••-67`, `a•••@example.kz`: enough for its owner to recognise. Only shown to the
 * signed-in holder.
 */
export function maskContact({ channel, value }: { channel: Channel; value: string }): string {
  // The fund may have a number in another form, of which only the end is shown.
  if (channel === 'mobile' && !/^\+7\d{10}$/.test(value)) return `•••${value.slice(-2)}`;
  if (channel === 'mobile') return `+7 (${value.slice(2, 5)}) •••-••-${value.slice(-2)}`;
  const at = value.lastIndexOf('@');
  return `${value.slice(0, 1)}•••${value.slice(at)}`;
}

/** The same for what may not be on file: undefined then. */
export function maskOnFile(channel: Channel, value: string | null): string | undefined {
  return value === null ? undefined : maskContact({ channel, value });
}
