import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Language } from '../values/language.ts';

/** The language of the page. The layout provides it. */
export const PageLanguage = createContext<Language>('kk');

const kazakhLetter = /[әғқңөұүһі]/i;
/** Kazakh words of an address that have none of those letters. */
const kazakhWord = /(?:облысы|ауданы|ауылы|бульвары|станциясы)(?![а-яё])/i;
/** Letters that Kazakh words hardly ever have. */
const russianLetter = /[ёвфхцчщъьэ]/i;

/**
 * The `lang` of a value that may be in another language than the page: an address, a name, an
 * issuer. Undefined when it is the page's own, or when nothing tells.
 */
export function valueLanguage(value: string, page: Language): Language | undefined {
  const found = guess(value, page);
  return found === page ? undefined : found;
}

function guess(value: string, page: Language): Language | undefined {
  if (!/\p{Script=Cyrillic}/u.test(value)) return undefined;
  if (kazakhLetter.test(value) || kazakhWord.test(value)) return 'kk';
  // An English voice spells Cyrillic letters, so there any voice that reads them is better.
  return russianLetter.test(value) || page === 'en' ? 'ru' : undefined;
}

/** Tells the `lang` of values within the page that is being rendered. */
export function useValueLanguage(): (value: unknown) => Language | undefined {
  const page = useContext(PageLanguage);
  return (value) => (typeof value === 'string' ? valueLanguage(value, page) : undefined);
}
