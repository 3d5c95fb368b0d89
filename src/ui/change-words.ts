import type { Texts } from '../texts/kk.ts';
import { fill } from '../texts/texts.ts';
import { displayed } from '../values/displayed.ts';

/** A change, as far as its text needs it. */
export interface ChangeInWords<Field extends string> {
  readonly document: {
    readonly type: keyof Texts['documentTypes'];
    readonly series: string | null;
    readonly number: string;
  } | null;
  readonly entries: readonly {
    readonly field: Field;
    readonly old: string | null;
    readonly new: string | null;
  }[];
  readonly revision: number;
}

/**
 * The change in words, one line each. Values appear as they will be stored, and in quotation marks,
 * so there is only one way to read them.
 * @param names the word for each field
 */
export function changeLines<Field extends string>(
  t: Texts,
  names: Readonly<Record<Field, string>>,
  { document, entries, revision }: ChangeInWords<Field>,
): string[] {
  const quoted = (value: string | null) => (value === null ? t.eds.change.none : JSON.stringify(value));
  const shown = document && [
    t.documentTypes[document.type],
    displayed([document.series, document.number].filter(Boolean).join(' ')),
  ];
  return [
    t.eds.change.title,
    fill(t.eds.change.document, { document: shown?.join(', ') ?? t.eds.change.none }),
    ...entries.map((entry) =>
      fill(t.eds.change.entry, {
        field: names[entry.field],
        old: quoted(entry.old),
        new: quoted(entry.new),
      }),
    ),
    fill(t.eds.change.revision, { revision }),
  ];
}
