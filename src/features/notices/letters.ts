import type { Keys } from '../../platform/keys.ts';
import { cleanWords } from '../../values/cleaning.ts';
import { asLatinKeys, asLatinShapes } from '../../values/look-alikes.ts';
import type { Channel } from './channel.ts';

/**
 * Sixteen Latin letters (docs/decisions/198). Each looks like no other letter or digit. A Cyrillic
 * letter of the same shape has the same sound, so they can be read aloud from a Kazakh or Russian
 * text: H, P, C, B and Y, for example, could not. There are no vowels, so they form no words.
 */
const alphabet = 'DFGJKLMNQRSTVWXZ';
const length = 6;

/** What the letters of a message are made from. */
export interface LetteredMessage {
  /** The e-mail's subject, and what the message says without codes and values of a person. */
  readonly wording: string;
  /** The day on which it was queued, `2026-11-30`. */
  readonly day: string;
  /** E.164 or an e-mail address. */
  readonly to: string;
}

/**
 * The six letters of a message by each key, the signing key first. A message that is sent again has
 * the same ones.
 */
export function lettersOf(keys: Keys, { wording, day, to }: LetteredMessage): readonly string[] {
  return keys.signAll('message letters', JSON.stringify([wording, day, to])).map((mac) =>
    Array.from({ length }, (_, index) => {
      const byte = mac[index >> 1] as number;
      return alphabet[index % 2 === 0 ? byte >> 4 : byte & 15];
    }).join(''),
  );
}

/** What is stored instead of the letters, by each key, the signing key first. */
export function lettersMacs(keys: Keys, letters: string): readonly Buffer[] {
  return keys.signAll('stored message letters', letters).map((mac) => mac.subarray(0, 16));
}

/** Whole messages may be pasted, but a longer text is not one of ours. UTF-16 units. */
const longest = 5_000;

/**
 * Reads typed or pasted letters: in groups, small, with the sign before them, at the end of the
 * whole message, or typed on the Cyrillic layout. Returns every possible reading, at most two
 * (Cyrillic letters by their shape and by their key), or none when the text contains no letters of
 * this form.
 */
export function readLetters(text: string): readonly string[] {
  if (text.length > longest) return [];
  const typed = cleanWords(text).toUpperCase();
  const marked = [...typed.matchAll(/(?:№|\bREF)[ :]*([A-Z]{6})\b/g)].at(-1)?.[1];
  // In an e-mail, they are the last word after a colon.
  const named = [...typed.matchAll(/: ([A-Z]{6})\b/g)].at(-1)?.[1];
  for (const part of [marked, named, typed]) {
    const meanings = part === undefined ? [] : meaningsOf(part);
    if (meanings.length > 0) return meanings;
  }
  return [];
}

function meaningsOf(part: string): string[] {
  const bare = part.replace(/[^\p{L}\p{N}]/gu, '');
  const form = new RegExp(`^[${alphabet}]{${length}}$`);
  // Whoever has the Cyrillic layout on types no Latin letter.
  const byKeys = /[A-Z]/.test(bare) ? [] : [asLatinKeys(bare)];
  return [...new Set([asLatinShapes(bare), ...byKeys])].filter((letters) => form.test(letters));
}

/**
 * What a recipient recognises as theirs and nobody else can use: the last two digits of a number,
 * or `a•••@e•••.kz`.
 */
export function recipientEnd(channel: Channel, to: string): string {
  if (channel === 'mobile') return to.slice(-2);
  const at = to.lastIndexOf('@');
  const domain = to.slice(at + 1);
  const dot = domain.lastIndexOf('.');
  const ending = dot === -1 ? '' : domain.slice(dot);
  return `${firstOf(to.slice(0, at))}•••@${firstOf(domain)}•••${ending}`;
}

function firstOf(text: string): string {
  return [...text][0] ?? '';
}
