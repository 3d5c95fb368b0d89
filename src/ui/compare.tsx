import type { Texts } from '../texts/kk.ts';
import { Table } from './table.tsx';
import { useValueLanguage } from './value-language.ts';

export interface CompareProps {
  /** What is compared, for screen readers. */
  caption: string;
  words: { field: string; before: string; after: string; empty: string };
  /** The second value takes the place of the first. */
  arrow?: boolean | undefined;
  /** `null` where there was, or is, no value. */
  rows: readonly { field: string; before: string | null; after: string | null }[];
}

/** Old and new values side by side. On a phone an arrow leads from one to the other. */
export function Compare({ caption, words, rows, arrow = false }: CompareProps) {
  const empty = <span class="empty">{words.empty}</span>;
  const valueLanguage = useValueLanguage();
  return (
    <Table
      caption={caption}
      captionHidden
      even
      arrow={arrow}
      columns={[words.field, words.before, words.after]}
      rows={rows.map(({ field, before, after }) => [
        field,
        before === null ? empty : <span lang={valueLanguage(before)}>{before}</span>,
        after === null ? (
          empty
        ) : (
          <b key={field} lang={valueLanguage(after)}>
            {after}
          </b>
        ),
      ])}
    />
  );
}

/** The headings of the old and new values. */
export function compareWords(t: Texts): CompareProps['words'] {
  return { field: t.receipt.field, before: t.receipt.old, after: t.receipt.new, empty: t.receipt.empty };
}
