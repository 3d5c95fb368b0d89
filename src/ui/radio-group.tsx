import type { ComponentChildren } from 'preact';
import { describedBy, FieldError } from './field-message.tsx';

export interface RadioOption {
  value: string;
  label: string;
  /** Shown under the option's label: how it differs from the others. */
  description?: ComponentChildren;
}

export interface RadioGroupProps {
  /** The first option's id, to which an error summary links. The others are `${id}-2` and so on. */
  id: string;
  /** The name under which it is sent. The id by default. */
  name?: string | undefined;
  legend: string;
  options: readonly RadioOption[];
  /** The chosen option's value. `undefined` when nothing is chosen yet. */
  value: string | undefined;
  description?: ComponentChildren;
  error?: string | undefined;
}

/** A choice of one among a few options, which are all visible. */
export function RadioGroup(props: RadioGroupProps) {
  const { id, description, error } = props;
  return (
    <fieldset class="ds-fieldset" aria-describedby={describedBy(id, { description, error })}>
      <legend>{props.legend}</legend>
      {description !== undefined && (
        <p class="description" id={`${id}-description`}>
          {description}
        </p>
      )}
      {props.options.map((option, index) => {
        const optionId = index === 0 ? id : `${id}-${index + 1}`;
        return (
          <div class="ds-field" key={option.value}>
            <input
              class="ds-input"
              type="radio"
              id={optionId}
              name={props.name ?? id}
              value={option.value}
              checked={option.value === props.value}
              aria-invalid={error === undefined ? undefined : 'true'}
              aria-describedby={option.description === undefined ? undefined : `${optionId}-more`}
            />
            <label for={optionId}>{option.label}</label>
            {option.description !== undefined && (
              <div class="description" id={`${optionId}-more`}>
                {option.description}
              </div>
            )}
          </div>
        );
      })}
      <FieldError id={id}>{error}</FieldError>
    </fieldset>
  );
}
