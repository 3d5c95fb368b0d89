import type { ComponentChildren } from 'preact';
import { describedBy, FieldError } from './field-message.tsx';

export interface SelectProps {
  id: string;
  /** The name it is sent under; the id by default. */
  name?: string | undefined;
  label: string;
  options: readonly { value: string; label: string }[];
  /** The chosen option's value. */
  value: string;
  description?: ComponentChildren;
  error?: string | undefined;
}

/** One of a few, in a drop-down list. */
export function Select(props: SelectProps) {
  const { id, description, error } = props;
  return (
    <div class="ds-field">
      <label for={id}>{props.label}</label>
      {description !== undefined && (
        <p class="description" id={`${id}-description`}>
          {description}
        </p>
      )}
      <select
        class="ds-input"
        id={id}
        name={props.name ?? id}
        aria-invalid={error === undefined ? undefined : 'true'}
        aria-describedby={describedBy(id, { description, error })}
      >
        {props.options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === props.value}>
            {option.label}
          </option>
        ))}
      </select>
      <FieldError id={id}>{error}</FieldError>
    </div>
  );
}
