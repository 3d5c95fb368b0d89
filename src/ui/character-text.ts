import type { Texts } from '../texts/kk.ts';

/**
 * The text for a character that a field does not accept: the character itself, or words for an
 * invisible one.
 */
export function characterText(t: Texts, detail: string): string {
  if (detail === 'blank') return t.characters.blank;
  return detail === 'unseen' ? t.characters.unseen : detail;
}
