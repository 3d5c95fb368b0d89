import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Form } from '../../ui/form.tsx';
import { NewPasswordFields } from '../../ui/new-password-fields.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import type { PasswordErrors } from './change.ts';
import type { PasswordLength } from './password.ts';

export interface ChangePasswordPageProps {
  readonly t: Texts;
  readonly csrf: string;
  /** False for a first password, when there is no current one to enter. */
  readonly hasPassword: boolean;
  readonly length: PasswordLength;
  readonly errors: PasswordErrors;
  /** A problem with the whole form: too many guesses, or too many people at once. */
  readonly trouble?: string | undefined;
}

/** Asks for the current password, and for a new one twice. */
export function ChangePasswordPage(props: ChangePasswordPageProps) {
  const { t, csrf, hasPassword, length, errors, trouble } = props;
  const title = hasPassword ? t.security.change : t.security.setFirst;
  const currentText = errors.current && t.security[errors.current];
  const passwordText = errors.password && fill(t.reasons[errors.password], { ...length });
  const againText = errors.again && t.reasons[errors.again];
  const summary = [
    { fieldId: 'currentPassword', text: currentText },
    { fieldId: 'password', text: passwordText },
    { fieldId: 'passwordAgain', text: againText },
    { fieldId: undefined, text: trouble },
  ];
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={summary.flatMap(({ fieldId, text }) => (text === undefined ? [] : [{ fieldId, text }]))}
      />
      <PageHeading
        title={title}
        lead={t.security.othersEnd}
        back={{ href: paths.security, label: t.security.title }}
      />
      <div class="card narrow">
        <Form action={paths.changePassword} csrf={csrf} hidden={{ page: paths.changePassword }}>
          {hasPassword && (
            <PasswordField
              id="currentPassword"
              label={t.security.current}
              error={currentText}
              autocomplete="current-password"
              words={{ show: t.signIn.show, hide: t.signIn.hide }}
            />
          )}
          <NewPasswordFields t={t} length={length} passwordError={passwordText} againError={againText} />
          <ButtonRow stacked>
            <Button>{t.newPassword.save}</Button>
            <ButtonLink kind="tertiary" href={paths.security}>
              {t.security.back}
            </ButtonLink>
          </ButtonRow>
        </Form>
      </div>
    </>
  );
}
