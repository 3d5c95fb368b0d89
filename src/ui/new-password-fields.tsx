import type { Texts } from '../texts/kk.ts';
import { fill } from '../texts/texts.ts';
import { PasswordField } from './password-field.tsx';

export interface NewPasswordFieldsProps {
  t: Texts;
  /** The minimum and maximum length of a password, in characters. */
  length: { readonly least: number; readonly most: number };
  passwordError?: string | undefined;
  againError?: string | undefined;
}

/**
 * The rules for a new password, then the password twice. The fields are `password` and
 * `passwordAgain`.
 */
export function NewPasswordFields({ t, length, passwordError, againError }: NewPasswordFieldsProps) {
  const eye = { show: t.signIn.show, hide: t.signIn.hide };
  const words = t.newPassword;
  const lengthRule = fill(words.ruleLength, length);
  return (
    <>
      <h3>{words.rules}</h3>
      <ul>
        {[lengthRule, words.ruleAny, words.ruleCommon, words.rulePersonal].map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ul>
      <PasswordField
        id="password"
        label={words.title}
        description={lengthRule}
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
