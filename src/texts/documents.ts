import { displayed } from '../values/displayed.ts';
import type { Language } from '../values/language.ts';
import type { Texts } from './kk.ts';

/** A document in one line: its type and number. */
export function documentName(
  t: Texts,
  document: {
    readonly type: keyof Texts['documentTypes'];
    readonly series: string | null;
    readonly number: string;
  },
): string {
  const { type, series, number } = document;
  return displayed(`${t.documentTypes[type]} ${series === null ? number : `${series} ${number}`}`);
}

/** A document's type on the page of the requisites. The memo's screen has this one in capitals. */
export function documentTypeOnPage(t: Texts, language: Language, type: keyof Texts['documentTypes']): string {
  const name = t.documentTypes[type];
  return language === 'kk' && type === 'identity-card' ? name.toLocaleUpperCase('kk') : name;
}
