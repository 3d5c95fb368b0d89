import { paths, signInPath } from '../../paths.ts';
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
  /** True when this browser remembers an IIN. The page then offers to forget it. */
  readonly remembered: boolean;
  /** Where to go afterwards. It is in the address of the form, because it is not personal. */
  readonly to: string | undefined;
  /** Why the person is here: their session ended, and whether what they typed was kept. */
  readonly ended: '1' | 'kept' | 'closed' | undefined;
  /** A password was just chosen, and the person now signs in with it. */
  readonly passwordSaved: boolean;
  /** Somebody is signed in in this browser. They are not named. */
  readonly signedInAlready?: boolean | undefined;
  readonly iinError?: IinReason | 'empty' | undefined;
  readonly passwordEmpty?: boolean | undefined;
  readonly refusal?: { readonly reason: SignInRefusal; readonly minutes: string } | undefined;
}

/** The start page of the cabinet. */
export function SignInPage(props: SignInPageProps) {
  const { t, csrf, refusal } = props;
  const iinError = iinErrorText(t, props.iinError);
  const passwordError = props.passwordEmpty ? t.signIn.passwordEmpty : undefined;
  const errors = [
    { fieldId: 'iin', text: iinError },
    { fieldId: 'password', text: passwordError },
    { fieldId: refusal?.reason === 'failed' ? 'iin' : undefined, text: refusal && refusalText(t, refusal) },
  ];
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={errors.flatMap(({ fieldId, text }) => (text === undefined ? [] : [{ fieldId, text }]))}
      />
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
        <PasswordWay {...props} iinErrorText={iinError} passwordErrorText={passwordError} />
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

/** The form for IIN and password, with links for people who do not have them. */
function PasswordWay(
  props: SignInPageProps & {
    readonly iinErrorText: string | undefined;
    readonly passwordErrorText: string | undefined;
  },
) {
  const { t, csrf } = props;
  return (
    <Card id="password-way" heading={t.signIn.cardTitle}>
      <Form action={signInPath({ to: props.to })} csrf={csrf} hidden={{ page: paths.signIn }}>
        <Field
          id="iin"
          label={t.signIn.iin}
          description={t.signIn.iinHint}
          value={props.iin}
          error={props.iinErrorText}
          inputmode="numeric"
          autocomplete="username"
        />
        <PasswordField
          id="password"
          label={t.signIn.password}
          error={props.passwordErrorText}
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
        <ButtonLink href={paths.register}>{t.signIn.register}</ButtonLink>
        <ButtonLink kind="tertiary" href={paths.recover}>
          {t.signIn.forgot}
        </ButtonLink>
      </ButtonRow>
      {props.remembered && (
        <Form id="forget-form" action={paths.forgetIin} csrf={csrf}>
          <Button kind="tertiary">{t.signIn.forget}</Button>
        </Form>
      )}
    </Card>
  );
}

/**
 * Says, without a name, that somebody is signed in in this browser, and offers to sign them out.
 */
function SignedInAlready({ t, csrf }: Pick<SignInPageProps, 't' | 'csrf'>) {
  return (
    <Alert kind="warning" title={t.session.somebody} announced>
      <p>{t.session.somebodyHelp}</p>
      <Form id="sign-out-form" action={paths.signOut} csrf={csrf}>
        <ButtonRow>
          <Button kind="secondary">{t.layout.signOut}</Button>
          <ButtonLink kind="tertiary" href={paths.services}>
            {t.session.goOn}
          </ButtonLink>
        </ButtonRow>
      </Form>
    </Alert>
  );
}

/** The other way to sign in. Its page and its script are loaded only on request. */
function EdsWay({ t, to }: { t: Texts; to: string | undefined }) {
  return (
    <Card id="eds-way" heading={t.eds.way}>
      <p>{t.eds.wayHelp}</p>
      <p class="without-script">{t.eds.needsScript}</p>
      <form method="get" action={paths.signInByEds}>
        <input type="hidden" name="begin" value="1" />
        {to !== undefined && <input type="hidden" name="to" value={to} />}
        <Button kind="secondary" wide>
          {t.eds.way}
        </Button>
      </form>
    </Card>
  );
}

function iinErrorText(t: Texts, error: SignInPageProps['iinError']): string | undefined {
  if (error === undefined) return undefined;
  return error === 'empty' ? t.signIn.iinEmpty : t.reasons[error];
}

function refusalText(t: Texts, { reason, minutes }: { reason: SignInRefusal; minutes: string }): string {
  return fill(t.signIn[reason], { minutes });
}

function endedText(t: Texts, ended: NonNullable<SignInPageProps['ended']>): string {
  return { '1': t.session.over, kept: t.session.overKept, closed: t.eds.reasons.notActive }[ended];
}
