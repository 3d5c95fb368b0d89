import { accountRequestPaths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Form } from '../../ui/form.tsx';
import { NewPasswordFields } from '../../ui/new-password-fields.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { passwordLength } from '../passwords/password.ts';
import type { AccountRequestKind } from './account-request.ts';
import type { ChoiceReason } from './choose-password.ts';

export interface PasswordPageProps {
  readonly t: Texts;
  readonly kind: AccountRequestKind;
  readonly csrf: string;
  readonly error?: ChoiceReason | undefined;
  readonly busy?: boolean | undefined;
  readonly contactWaitHours: number;
}

/** The choice of a password, after the right code. */
export function PasswordPage({ t, kind, csrf, error, busy, contactWaitHours }: PasswordPageProps) {
  const path = accountRequestPaths(kind).password;
  const differ = error === 'passwordsDiffer';
  const text = error && t.reasons[error];
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(text === undefined ? [] : [{ fieldId: differ ? 'passwordAgain' : 'password', text }]),
          ...(busy ? [{ fieldId: undefined, text: t.signIn.busy }] : []),
        ]}
      />
      <PageHeading title={t.newPassword.title} lead={t.newPassword.sessionsEnd} />
      <Card id="new-password" heading={t.newPassword.title}>
        <p>{fill(t.newPassword.wait, { hours: contactWaitHours })}</p>
        <Form action={path} csrf={csrf} hidden={{ page: path }}>
          <NewPasswordFields
            t={t}
            length={passwordLength}
            passwordError={differ ? undefined : text}
            againError={differ ? text : undefined}
          />
          <ButtonRow>
            <Button>{t.newPassword.save}</Button>
          </ButtonRow>
        </Form>
      </Card>
    </>
  );
}
