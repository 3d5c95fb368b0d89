import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Columns } from '../../ui/columns.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import type { IinReason } from '../../values/iin.ts';
import type { SignInRefusal } from './sign-in.ts';

export interface SignInPageProps {
  readonly t: Texts;
  readonly csrf: string;
  readonly iin: string;
  readonly remember: boolean;
  /** True when this browser keeps an IIN, so that it can be forgotten. */
  readonly remembered: boolean;
  /** Where to go afterwards; in the address of the form, since it is nothing personal. */
  readonly to: string | undefined;
  /** Why the person is here: their session ended, and whether what they typed was kept. */
  readonly ended: 'over' | 'kept' | 'closed' | undefined;
  /** A password was just chosen: the person signs in with it. */
  readonly passwordSaved: boolean;
  /** Somebody is signed in in this browser, who is not named. */
  readonly signedInAlready?: boolean | undefined;
  readonly iinError?: IinReason | 'empty' | undefined;
  readonly passwordEmpty?: boolean | undefined;
  readonly refusal?: { readonly reason: SignInRefusal; readonly minutes: string } | undefined;
}

/** The start page of the cabinet. */
export function SignInPage(props: SignInPageProps) {
  const { t, csrf } = props;
  const iinError =
    props.iinError === undefined
      ? undefined
      : props.iinError === 'empty'
        ? t.signIn.iinEmpty
        : t.reasons[props.iinError];
  const passwordError = props.passwordEmpty ? t.signIn.passwordEmpty : undefined;
  const errors = [
    ...(iinError === undefined ? [] : [{ fieldId: 'iin', text: iinError }]),
    ...(passwordError === undefined ? [] : [{ fieldId: 'password', text: passwordError }]),
    ...(props.refusal
      ? [
          {
            fieldId: props.refusal.reason === 'failed' ? 'iin' : undefined,
            text: refusalText(t, props.refusal),
          },
        ]
      : []),
  ];
  const action = props.to === undefined ? '/sign-in' : `/sign-in?${new URLSearchParams({ to: props.to })}`;
  return (
    <>
      <ErrorSummary title={t.requisites.errors} errors={errors} />
      {props.ended && (
        <Alert kind="info" announced>
          <p>{endedText(t, props.ended)}</p>
        </Alert>
      )}
      {props.passwordSaved && (
        <Alert kind="success" announced>
          <p>{t.newPassword.saved}</p>
        </Alert>
      )}
      {props.signedInAlready && <SignedInAlready t={t} csrf={csrf} />}
      <PageHeading title={t.signIn.title} lead={t.signIn.lead} />
      <Columns split="wide-first">
        <Card id="password-way" heading={t.signIn.cardTitle}>
          <Form action={action} csrf={csrf} hidden={{ page: '/sign-in' }}>
            <Field
              id="iin"
              label={t.signIn.iin}
              description={t.signIn.iinHint}
              value={props.iin}
              error={iinError}
              inputmode="numeric"
              autocomplete="username"
            />
            <PasswordField
              id="password"
              label={t.signIn.password}
              error={passwordError}
              autocomplete="current-password"
              words={{ show: t.signIn.show, hide: t.signIn.hide }}
            />
            {props.refusal?.reason === 'failed' && <p>{t.signIn.failedHelp}</p>}
            <Checkbox
              id="remember"
              label={t.signIn.remember}
              description={t.signIn.rememberHint}
              checked={props.remember}
            />
            <Button wide>{t.signIn.submit}</Button>
          </Form>
          <ButtonRow>
            <ButtonLink href="/register">{t.signIn.register}</ButtonLink>
            <ButtonLink kind="tertiary" href="/recover">
              {t.signIn.forgot}
            </ButtonLink>
          </ButtonRow>
          {props.remembered && (
            <Form id="forget-form" action="/sign-in/forget" csrf={csrf}>
              <Button kind="tertiary">{t.signIn.forget}</Button>
            </Form>
          )}
        </Card>
        <div class="stack">
          <EdsWay t={t} to={props.to} />
          <Card id="safety" heading={t.signIn.safetyTitle}>
            <p>{t.signIn.safety}</p>
            <p>{t.signIn.safetyAddress}</p>
          </Card>
        </div>
      </Columns>
    </>
  );
}

/** Tells that somebody is signed in in this browser, without a name, and offers to end that. */
function SignedInAlready({ t, csrf }: Pick<SignInPageProps, 't' | 'csrf'>) {
  return (
    <Alert kind="warning" title={t.session.somebody} announced>
      <p>{t.session.somebodyHelp}</p>
      <Form id="sign-out-form" action="/sign-out" csrf={csrf}>
        <ButtonRow>
          <Button kind="secondary">{t.layout.signOut}</Button>
          <ButtonLink kind="tertiary" href="/services">
            {t.session.goOn}
          </ButtonLink>
        </ButtonRow>
      </Form>
    </Alert>
  );
}

/** The other way: its page, and the script that signs, are loaded only when it is asked for. */
function EdsWay({ t, to }: { t: Texts; to: string | undefined }) {
  return (
    <Card id="eds-way" heading={t.eds.way}>
      <p>{t.eds.wayHelp}</p>
      <p class="without-script">{t.eds.needsScript}</p>
      <form method="get" action="/sign-in/eds">
        <input type="hidden" name="begin" value="1" />
        {to !== undefined && <input type="hidden" name="to" value={to} />}
        <Button kind="secondary" wide>
          {t.eds.way}
        </Button>
      </form>
    </Card>
  );
}

function refusalText(t: Texts, { reason, minutes }: { reason: SignInRefusal; minutes: string }): string {
  return fill(t.signIn[reason], { minutes });
}

function endedText(t: Texts, ended: NonNullable<SignInPageProps['ended']>): string {
  return { over: t.session.over, kept: t.session.overKept, closed: t.eds.reasons.notActive }[ended];
}
