import type { ComponentChildren } from 'preact';
import { describedBy, FieldError } from './field-message.tsx';

export interface PasswordFieldProps {
  id: string;
  /** The name under which it is sent. The id by default. */
  name?: string | undefined;
  label: string;
  description?: ComponentChildren;
  error?: string | undefined;
  /** Which password a password manager fills in. */
  autocomplete: 'current-password' | 'new-password';
  /** "Show password", "Hide password": labels of the button, which works only with JavaScript. */
  words: { show: string; hide: string };
}

/** A password field. The server never sends a password back, so it has no value. */
export function PasswordField(props: PasswordFieldProps) {
  const { id, description, error, words } = props;
  return (
    <div class="ds-field">
      <label for={id}>{props.label}</label>
      {description !== undefined && (
        <p class="description" id={`${id}-description`}>
          {description}
        </p>
      )}
      <div class="password">
        <input
          class="ds-input"
          id={id}
          name={props.name ?? id}
          type="password"
          autocomplete={props.autocomplete}
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={error === undefined ? undefined : 'true'}
          aria-describedby={describedBy(id, { description, error })}
        />
        <button
          type="button"
          hidden
          class="eye"
          aria-controls={id}
          aria-label={words.show}
          title={words.show}
          data-show={words.show}
          data-hide={words.hide}
        >
          <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Z" />
            <circle cx="12" cy="12" r="3" />
            <path class="slash" d="m4 4 16 16" />
          </svg>
        </button>
      </div>
      <FieldError id={id}>{error}</FieldError>
    </div>
  );
}
