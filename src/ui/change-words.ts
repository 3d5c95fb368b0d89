import type { Texts } from '../texts/kk.ts';
import { fill } from '../texts/texts.ts';
import { displayed } from '../values/displayed.ts';

/** A change, as far as its text needs it. */
export interface ChangeInWords {
  readonly document: {
    readonly type: keyof Texts['documentTypes'];
    readonly series: string | null;
    readonly number: string;
  } | null;
  readonly entries: readonly {
    readonly field:
      | 'address'
      | 'apartment'
      | 'postcode'
      | 'homePhone'
      | 'contactPhone'
      | 'mobilePhone'
      | 'email';
    readonly old: string | null;
    readonly new: string | null;
  }[];
  readonly revision: number;
}

/**
 * The change in words, one line each. Values appear as they will be stored, and in quotation marks,
 * so there is only one way to read them.
 */
export function changeLines(t: Texts, { document, entries, revision }: ChangeInWords): string[] {
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
        field: t.requisites[entry.field],
        old: quoted(entry.old),
        new: quoted(entry.new),
      }),
    ),
    fill(t.eds.change.revision, { revision }),
  ];
}
