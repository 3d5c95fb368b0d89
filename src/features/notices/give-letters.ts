import { createHash } from 'node:crypto';
import { disavowPath } from '../../paths.ts';
import type { Keys } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { isoDay } from '../../values/time-zone.ts';
import type { MessageFacts } from './deliver-message.ts';
import { lettersMacs, lettersOf, recipientEnd } from './letters.ts';
import { keepLetters, type Wording } from './letters-store.ts';
import { type MessagePayload, maskedValue, maskMessage } from './payload.ts';
import type { RenderedMessage } from './sender.ts';

interface LettersDeps {
  readonly keys: Keys;
  readonly database: Queryable;
  readonly render: (message: MessagePayload, facts: MessageFacts) => RenderedMessage;
}

/**
 * The letters of a queued message, kept with its wording. An equal message of the same day, and
 * above all the same message sent again, has the same ones, also when the signing key has changed
 * in between.
 */
export async function giveLetters(
  { keys, database, render }: LettersDeps,
  message: MessagePayload,
  facts: Omit<MessageFacts, 'letters'>,
  queuedAt: Date,
): Promise<string> {
  const wording = wordingOf(render, message, facts);
  const day = isoDay(queuedAt);
  const text = JSON.stringify([wording.channel, wording.language, wording.subject, wording.body]);
  const candidates = lettersOf(keys, { wording: text, day, to: message.to }).map((letters) => ({
    letters,
    macs: lettersMacs(keys, letters),
  }));
  const [first] = candidates as [(typeof candidates)[number]];
  const kept = await keepLetters(database, {
    mac: first.macs[0] as Buffer,
    formerMacs: candidates.flatMap(({ macs }) => macs),
    wordingId: createHash('sha256').update(text).digest().subarray(0, 16),
    wording,
    day,
    recipient: recipientEnd(message.channel, message.to),
  });
  const same = candidates.find(({ macs }) => kept !== undefined && macs.some((mac) => mac.equals(kept)));
  return (same ?? first).letters;
}

/**
 * In the place of the letters of a wording. It takes as much room in an SMS as they do, so that the
 * same words fit.
 */
export const lettersPlace = '______';

/** What a message says, with a sign in the place of each code, link, time and device. */
function wordingOf(
  render: LettersDeps['render'],
  message: MessagePayload,
  facts: Omit<MessageFacts, 'letters'>,
): Wording {
  const { code, disavowalPath, ...frame } = facts;
  const { channel, language, subject, text } = render(maskMessage(message), {
    ...frame,
    letters: lettersPlace,
    ...(code && { code: { ...code, text: '*'.repeat(code.text.length) } }),
    ...(disavowalPath !== undefined && { disavowalPath: disavowPath(maskedValue) }),
  });
  return { channel, language, subject: subject ?? null, body: text };
}
