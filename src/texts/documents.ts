import { displayed } from '../values/displayed.ts';
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
