/** Half of a surrogate pair: not text, and no encoding can carry it. */
const loneSurrogate = /\p{Surrogate}/u;

/** Whether the text is valid Unicode. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}

/** Every space that is not a control character becomes a plain one: a no-break space comes with pasted text. */
export function plainSpaces(text: string): string {
  return text.replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, ' ');
}

/** Hyphens and dashes of all kinds become the hyphen of the keyboard: phones and editors replace it by themselves. */
export function plainDashes(text: string): string {
  return text.replace(/[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g, '-');
}

/** Names a character for a message: itself, or `U+200B` when nothing of it would be seen. */
export function visible(character: string): string {
  if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
