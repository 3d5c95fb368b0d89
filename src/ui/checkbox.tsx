import type { ComponentChildren } from 'preact';
import { describedBy, FieldError } from './field-message.tsx';

export interface CheckboxProps {
  id: string;
  /** The name it is sent under, with the value `1`; the id by default. */
  name?: string | undefined;
  label: string;
  checked: boolean;
  description?: ComponentChildren;
  error?: string | undefined;
  /** Drawn as a switch: for what is turned on or off, not for what is agreed to. */
  look?: 'box' | 'switch' | undefined;
}

/** A box to tick, or a switch. Absent from the form when off. */
export function Checkbox(props: CheckboxProps) {
  const { id, description, error } = props;
  return (
    <div class="ds-field">
      <input
        class="ds-input"
        type="checkbox"
        role={props.look === 'switch' ? 'switch' : undefined}
        id={id}
        name={props.name ?? id}
        value="1"
        checked={props.checked}
        aria-invalid={error === undefined ? undefined : 'true'}
        aria-describedby={describedBy(id, { description, error })}
      />
      <label for={id}>{props.label}</label>
      {description !== undefined && (
        <p class="description" id={`${id}-description`}>
          {description}
        </p>
      )}
      <FieldError id={id}>{error}</FieldError>
    </div>
  );
}
