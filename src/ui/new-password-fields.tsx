import { PasswordField } from './password-field.tsx';

export interface NewPasswordFieldsProps {
  words: {
    password: string;
    /** How long it must be, told at the field itself. */
    length: string;
    again: string;
    rules: string;
    show: string;
    hide: string;
  };
  /** What else a password must and need not be. */
  rules: readonly string[];
  passwordError?: string | undefined;
  againError?: string | undefined;
}

/**
 * The rules for a new password, then the password twice. The fields are `password` and
 * `passwordAgain`.
 */
export function NewPasswordFields({ words, rules, passwordError, againError }: NewPasswordFieldsProps) {
  const eye = { show: words.show, hide: words.hide };
  return (
    <>
      <h3>{words.rules}</h3>
      <ul>
        {[words.length, ...rules].map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ul>
      <PasswordField
        id="password"
        label={words.password}
        description={words.length}
        error={passwordError}
        autocomplete="new-password"
        words={eye}
      />
      <PasswordField
        id="passwordAgain"
        label={words.again}
        error={againError}
        autocomplete="new-password"
        words={eye}
      />
    </>
  );
}
