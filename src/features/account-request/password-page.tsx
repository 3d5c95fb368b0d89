import { accountRequestPaths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button, ButtonRow } from '../../ui/buttons.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Form } from '../../ui/form.tsx';
import { NewPasswordFields } from '../../ui/new-password-fields.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { PasswordLength } from '../passwords/password.ts';
import type { AccountRequestKind } from './account-request.ts';
import { stepOf } from './admission-notice.tsx';
import type { ChoiceReason } from './choose-password.ts';

export interface PasswordPageProps {
  readonly t: Texts;
  readonly kind: AccountRequestKind;
  readonly csrf: string;
  readonly length: PasswordLength;
  readonly error?: ChoiceReason | undefined;
  readonly busy?: boolean | undefined;
  readonly contactWaitHours: number;
}

/** The choice of a password, after the right code. */
export function PasswordPage(props: PasswordPageProps) {
  const { t, kind, csrf, length, error, busy, contactWaitHours } = props;
  const path = accountRequestPaths(kind).password;
  const differ = error === 'passwordsDiffer';
  const text = error && fill(t.reasons[error], { ...length });
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(text === undefined ? [] : [{ fieldId: differ ? 'passwordAgain' : 'password', text }]),
          ...(busy ? [{ fieldId: undefined, text: t.signIn.busy }] : []),
        ]}
      />
      <PageHeading step={stepOf(t, 3)} title={t.newPassword.title} lead={t.newPassword.sessionsEnd} />
      <div class="card narrow">
        <Form action={path} csrf={csrf} hidden={{ page: path }}>
          <NewPasswordFields
            t={t}
            length={length}
            passwordError={differ ? undefined : text}
            againError={differ ? text : undefined}
          />
          <NoticeLine>{fill(t.newPassword.wait, { hours: contactWaitHours })}</NoticeLine>
          <ButtonRow stacked>
            <Button>{t.newPassword.save}</Button>
          </ButtonRow>
        </Form>
      </div>
    </>
  );
}
