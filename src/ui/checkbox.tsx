import type { ComponentChildren } from 'preact';
import { describedBy, FieldError } from './field-message.tsx';

export interface CheckboxProps {
  id: string;
  /** The name under which it is sent, with the value `1`. The id by default. */
  name?: string | undefined;
  label: string;
  checked: boolean;
  description?: ComponentChildren;
  error?: string | undefined;
  /** A switch is for something that is turned on or off, and not for an agreement. */
  look?: 'box' | 'switch' | undefined;
}

/** A checkbox, or a switch. When off, the form does not send it. */
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
