import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';

/** What a message says, without codes and values of a person. */
export interface Wording {
  readonly channel: Channel;
  readonly language: Language;
  /** Null for an SMS. */
  readonly subject: string | null;
  readonly body: string;
}

/** A message whose letters are kept. */
export interface NewLetters {
  /** The HMAC by which they will be found. */
  readonly mac: Buffer;
  /**
   * Every HMAC that they may have been kept under before, when another key was the signing key.
   */
  readonly formerMacs: readonly Buffer[];
  /** A hash of the wording. */
  readonly wordingId: Buffer;
  readonly wording: Wording;
  readonly day: string;
  readonly recipient: string;
}

/**
 * Keeps the letters of a message. Returns the HMAC under which those of an equal message of that
 * day were kept before, in which case that one stays. One statement.
 */
export async function keepLetters(database: Queryable, letters: NewLetters): Promise<Buffer | undefined> {
  const { mac, formerMacs, wordingId, wording, day, recipient } = letters;
  const same = sql`
    letters_mac = any(${formerMacs}::bytea[]) and wording_id = ${wordingId} and day = ${day}::date
      and recipient = ${recipient}`;
  const kept = await database.first<{ mac: Buffer }>(sql`
    with kept as (select letters_mac from cabinet.message_letters where ${same}),
    -- Not each time: many equal messages of one day would wait for each other.
    renewed as (
      update cabinet.message_letters set handed_over_at = now()
      where ${same} and handed_over_at < now() - interval '1 day'),
    worded as (
      insert into cabinet.message_wording (wording_id, channel, language, subject, body)
      values (${wordingId}, ${wording.channel}, ${wording.language}, ${wording.subject}, ${wording.body})
      on conflict do nothing),
    added as (
      insert into cabinet.message_letters (letters_mac, wording_id, day, recipient)
      select ${mac}::bytea, ${wordingId}::bytea, ${day}::date, ${recipient}::text where not exists (select from kept)
      on conflict do nothing)
    select letters_mac as mac from kept limit 1`);
  return kept?.mac;
}

/** A message that has these letters. */
export interface LetteredNotice extends Wording {
  readonly mac: Buffer;
  readonly day: Date;
  /** The last two digits of the number, or the masked address. */
  readonly recipient: string;
}

/** Up to `most` messages whose letters have one of these HMACs, newest first. */
export function findLettered(
  database: Queryable,
  macs: readonly Buffer[],
  most: number,
): Promise<readonly LetteredNotice[]> {
  return database.rows<LetteredNotice>(sql`
    select letters_mac as mac, (day + time '12:00') at time zone 'UTC' as day, recipient, channel,
      language, subject, body
    from cabinet.message_letters join cabinet.message_wording using (wording_id)
    where letters_mac = any(${macs}::bytea[]) order by message_letters.day desc, wording_id, recipient limit ${most}`);
}
