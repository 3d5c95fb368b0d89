import type { Texts } from '../../texts/kk.ts';
import type { FieldProps } from '../../ui/field.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import type { FieldBlock } from './fields/field.ts';
import { type FieldName, fields, type RequisiteField } from './fields/fields.ts';
import type { Typed } from './form.ts';

/** What the blocks of the form have in common. */
export interface BlockProps {
  readonly t: Texts;
  readonly typed: Typed;
  /** What is wrong with a field, in the language of the page. */
  readonly errorOf: (name: FieldName) => string | undefined;
}

/** The fields of a block, in the order of the list. */
export function fieldsOf(block: FieldBlock): readonly RequisiteField[] {
  return fields.filter(({ input }) => input.block === block);
}

const types = { text: 'text', phone: 'tel', email: 'email' } as const;

/** How a field of the list is shown. */
export function fieldProps(
  { t, typed, errorOf }: BlockProps,
  { name, kind, input }: RequisiteField,
): FieldProps {
  return {
    id: name,
    label: t.requisites[name],
    value: typed[name],
    error: errorOf(name),
    description: input.description && t.requisites[input.description],
    type: types[kind],
    inputmode: input.inputmode,
    autocomplete: input.autocomplete,
    width: input.width,
    noticeId: input.notice && noticeId(name),
  };
}

/** A field's input refers to its notice, so that a screen reader reads both. */
const noticeId = (name: FieldName): string => `${name}-notice`;

/** The notices at the end of a block. */
export function BlockNotices({ t, block }: { readonly t: Texts; readonly block: FieldBlock }) {
  return (
    <>
      {fieldsOf(block).map(
        ({ name, input }) =>
          input.notice && (
            <NoticeLine key={name} id={noticeId(name)}>
              {t.requisites[input.notice]}
            </NoticeLine>
          ),
      )}
    </>
  );
}
