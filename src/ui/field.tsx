import type { ComponentChildren } from 'preact';
import { describedBy, FieldError } from './field-message.tsx';
import { useValueLanguage } from './value-language.ts';

export interface FieldProps {
  /** The input's id, to which an error summary links. */
  id: string;
  /** The name under which it is sent. The id by default. */
  name?: string | undefined;
  label: string;
  /** What was typed, or the value on file. */
  value: string;
  /** One line under the label: a format, an example. */
  description?: ComponentChildren;
  /**
   * A remark about an unusual value that is accepted all the same, shown instead of the
   * description. '' when a remark may appear later.
   */
  hint?: string | undefined;
  /** The id of a notice elsewhere on the page that belongs to the field. */
  noticeId?: string | undefined;
  /** What is wrong with it. */
  error?: string | undefined;
  type?: 'text' | 'tel' | 'email' | undefined;
  /** The HTML autofill name: `tel`, `email`, `username`, `one-time-code`. `off` by default. */
  autocomplete?: string | undefined;
  /** The keyboard that a phone shows. */
  inputmode?: 'text' | 'numeric' | 'tel' | 'email' | undefined;
  /** A short field does not stretch: apartment, postcode. A code has large, wide signs. */
  width?: 'short' | 'code' | 'full' | undefined;
  /** Suggestions under the field, by `client/address-suggest.ts`. */
  suggest?: SuggestProps | undefined;
}

export interface SuggestProps {
  /** The address that returns suggestions. */
  from: string;
  /** The name of the field that a choice also fills in. */
  postcodeField: string;
  /**
   * The address that says whether the two fields seem to belong together. The answer is shown as
   * that field's hint.
   */
  compareFrom: string;
  words: {
    /** The number of lines, with `%d` for the number. Read out. */
    one: string;
    many: string;
    /** Read out between the position in the list and its length. */
    of: string;
    none: string;
    /** The place is known, but none of its streets. */
    writeOn: string;
    /** The answer takes longer than usual. */
    searching: string;
    degraded: string;
    elsewhere: string;
  };
}

function suggestAttributes(id: string, suggest: SuggestProps | undefined) {
  return (
    suggest && {
      'data-address-suggest': suggest.from,
      'data-address-status': `${id}-status`,
      'data-address-postcode': suggest.postcodeField,
      'data-address-one': suggest.words.one,
      'data-address-many': suggest.words.many,
      'data-address-of': suggest.words.of,
      'data-address-none': suggest.words.none,
      'data-address-write-on': suggest.words.writeOn,
      'data-address-searching': suggest.words.searching,
      'data-address-degraded': suggest.words.degraded,
      'data-address-compare': suggest.compareFrom,
      'data-address-elsewhere': suggest.words.elsewhere,
    }
  );
}

/** A labelled line of text with its error beside it. */
export function Field(props: FieldProps) {
  const { id, description, error } = props;
  const valueLanguage = useValueLanguage();
  const input = (
    <input
      class="ds-input"
      id={id}
      name={props.name ?? id}
      type={props.type ?? 'text'}
      value={props.value}
      lang={valueLanguage(props.value)}
      list={undefined}
      autocomplete={props.autocomplete ?? 'off'}
      inputmode={props.inputmode}
      autocapitalize={props.type === 'email' ? 'none' : undefined}
      spellcheck={false}
      {...suggestAttributes(id, props.suggest)}
      aria-invalid={error === undefined ? undefined : 'true'}
      aria-describedby={describedBy(id, { description, hint: props.hint, noticeId: props.noticeId, error })}
    />
  );
  return (
    <div class="ds-field" data-width={props.width === 'full' ? undefined : props.width}>
      <label for={id}>{props.label}</label>
      {description !== undefined && (
        <p class="description" id={`${id}-description`}>
          {description}
        </p>
      )}
      {props.hint !== undefined && (
        <p id={`${id}-hint`} role="status" class="description">
          {props.hint}
        </p>
      )}
      {input}
      {props.suggest && <p id={`${id}-status`} role="status" class="description" />}
      <FieldError id={id}>{error}</FieldError>
    </div>
  );
}
