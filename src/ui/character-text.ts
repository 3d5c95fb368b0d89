import type { Texts } from '../texts/kk.ts';

/** Names a character that a field does not take: itself, or in words what nobody would see. */
export function characterText(t: Texts, detail: string): string {
  if (detail === 'blank') return t.characters.blank;
  return detail === 'unseen' ? t.characters.unseen : detail;
}
