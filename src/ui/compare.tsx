import type { Texts } from '../texts/kk.ts';
import { Table } from './table.tsx';

export interface CompareProps {
  /** What is compared, for screen readers. */
  caption: string;
  words: { field: string; before: string; after: string; empty: string };
  /** `null` where there was, or is, no value. */
  rows: readonly { field: string; before: string | null; after: string | null }[];
}

/** Old and new values side by side. */
export function Compare({ caption, words, rows }: CompareProps) {
  const shown = (value: string | null) =>
    value === null ? <span class="empty">{words.empty}</span> : <span class="value">{value}</span>;
  return (
    <Table
      caption={caption}
      captionHidden
      even
      columns={[words.field, words.before, words.after]}
      rows={rows.map((row) => [row.field, shown(row.before), shown(row.after)])}
    />
  );
}

/** The headings of the old and new values. */
export function compareWords(t: Texts): CompareProps['words'] {
  return { field: t.receipt.field, before: t.receipt.old, after: t.receipt.new, empty: t.receipt.empty };
}
