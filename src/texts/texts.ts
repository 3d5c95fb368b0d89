import type { Language } from '../values/language.ts';
import { en } from './en.ts';
import { kk, type Texts } from './kk.ts';
import { ru } from './ru.ts';

const texts: Record<Language, Texts> = { kk, ru, en };

/** The texts of a language. */
export function textsOf(language: Language): Texts {
  return texts[language];
}

/**
 * Replaces the placeholders of a text with values.
 * @throws when a placeholder has no value
 */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the text "${text}" wants a value for {${name}}`);
    return String(value);
  });
}
