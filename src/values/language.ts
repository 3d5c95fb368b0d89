/** The languages of the service. The first one is the default. */
export const languages = ['kk', 'ru', 'en'] as const;
export type Language = (typeof languages)[number];

/** Whether text from outside names a language. */
export function isLanguage(text: unknown): text is Language {
  return languages.some((language) => language === text);
}
