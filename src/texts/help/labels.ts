import type { Texts } from '../kk.ts';

/** The texts that the guide may name: everything but itself. */
type NamedTexts = Omit<Texts, 'help'>;

type PathOf<Tree> = {
  [Key in keyof Tree & (string | number)]: Tree[Key] extends string
    ? `${Key}`
    : `${Key}.${PathOf<Tree[Key]>}`;
}[keyof Tree & (string | number)];

/** The path of a text, such as `signIn.submit`. */
export type TextKey = PathOf<NamedTexts>;

/** A part of a sentence: words, or the label of something on a page. */
export interface SentencePart {
  readonly text: string;
  readonly isLabel: boolean;
}

/**
 * The text of a key.
 * @throws when there is none, so that the guide never names what no page has
 */
export function labelOf(t: Texts, key: string): string {
  let found: unknown = t;
  for (const step of key.split('.')) found = (found as Readonly<Record<string, unknown>> | undefined)?.[step];
  if (typeof found !== 'string') throw new Error(`the guide names ${key}, which is no text`);
  return found;
}

/**
 * A sentence of the guide with `{key}` replaced by the text of that key.
 * @throws when a key has no text
 */
export function sentenceParts(t: Texts, sentence: string): readonly SentencePart[] {
  return sentence
    .split(/\{([\w.-]+)\}/)
    .map((text, index) =>
      index % 2 === 0 ? { text, isLabel: false } : { text: labelOf(t, text), isLabel: true },
    )
    .filter(({ text }) => text !== '');
}
