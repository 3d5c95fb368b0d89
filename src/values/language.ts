/** The languages of the service, the first one the default. */
export const languages = ['kk', 'ru', 'en'] as const;
export type Language = (typeof languages)[number];

/** Narrows what came from outside. */
export function isLanguage(text: unknown): text is Language {
  return languages.some((language) => language === text);
}
