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
 * A new password twice, with its length as the one rule that everybody must know; the other rules
 * are behind "more". The fields are `password` and `passwordAgain`.
 */
export function NewPasswordFields({ t, length, passwordError, againError }: NewPasswordFieldsProps) {
  const eye = { show: t.signIn.show, hide: t.signIn.hide };
  const words = t.newPassword;
  const lengthRule = fill(words.ruleLength, length);
  return (
    <>
      <PasswordField
        id="password"
        label={words.title}
        description={lengthRule}
        error={passwordError}
        autocomplete="new-password"
        words={eye}
      />
      <details>
        <summary>{words.rules}</summary>
        <ul>
          {[words.ruleAny, words.ruleCommon, words.rulePersonal].map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      </details>
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
