import type { ComponentChildren } from 'preact';
import { paths, signInPath, withQuery } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Checkbox } from '../../ui/checkbox.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { Ornament } from '../../ui/ornament.tsx';
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
  readonly ended: '1' | 'kept' | 'closed' | 'locked' | 'step' | undefined;
  /** A password was just chosen, and the person now signs in with it. */
  readonly passwordSaved: boolean;
  /** Whether people may sign in with the phone. */
  readonly byPhone: boolean;
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
    {
      fieldId: undefined,
      text: refusal && refusal.reason !== 'failed' ? refusalText(t, refusal) : undefined,
    },
  ];
  return (
    <>
      <Hero t={t} />
      <div class="ways">
        <ErrorSummary
          title={refusal?.reason === 'failed' ? t.signIn.failed : t.requisites.errors}
          errors={errors.flatMap(({ fieldId, text }) => (text === undefined ? [] : [{ fieldId, text }]))}
        >
          {refusal?.reason === 'failed' && (
            <p>
              {t.signIn.failedHelp} <a href={paths.recover}>{t.signIn.forgot}</a>
            </p>
          )}
        </ErrorSummary>
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
        <PageHeading title={t.signIn.title} />
        <PasswordWay {...props} iinErrorText={iinError} passwordErrorText={passwordError} />
        <PasskeyWay t={t} to={props.to} />
        {props.byPhone && <PhoneWay t={t} csrf={csrf} to={props.to} />}
        <EdsWay t={t} to={props.to} />
        <Way id="first-time" icon="join" title={t.signIn.firstTime} help={t.signIn.firstTimeHelp}>
          <ButtonLink href={paths.register} wide>
            {t.signIn.register}
          </ButtonLink>
          <HelpLink t={t} topic="first-time" />
        </Way>
        <NoticeLine>
          {t.signIn.safety} {t.signIn.safetyAddress}
        </NoticeLine>
      </div>
    </>
  );
}

/** What the cabinet is for, on a deep field with our ornament. */
function Hero({ t }: { t: Texts }) {
  return (
    <div class="hero">
      <p class="slogan">{t.signIn.slogan}</p>
      <p>{t.signIn.purpose}</p>
      <ul>
        {[t.signIn.quick, t.signIn.receipts].map((point) => (
          <li key={point}>
            <Icon name="check" /> {point}
          </li>
        ))}
      </ul>
      <Ornament />
    </div>
  );
}

interface WayProps {
  readonly id: string;
  readonly icon: IconName;
  /** In the words of the person who goes this way: "I have a key". */
  readonly title: string;
  /** One line: what is needed for it. */
  readonly help: string;
  readonly children: ComponentChildren;
}

/** One of the ways in, for the people who recognise themselves in its title. */
function Way({ id, icon, title, help, children }: WayProps) {
  return (
    <section class="card way" id={id} aria-labelledby={`${id}-heading`}>
      <span class="tile">
        <Icon name={icon} />
      </span>
      <h2 id={`${id}-heading`}>{title}</h2>
      <p>{help}</p>
      {children}
    </section>
  );
}

/** The form for IIN and password. */
function PasswordWay(
  props: SignInPageProps & {
    readonly iinErrorText: string | undefined;
    readonly passwordErrorText: string | undefined;
  },
) {
  const { t, csrf } = props;
  return (
    <Way id="password-way" icon="lock" title={t.signIn.hasPassword} help={t.signIn.hasPasswordHelp}>
      <Form action={signInPath({ to: props.to })} csrf={csrf} hidden={{ page: paths.signIn }}>
        <Field
          id="iin"
          label={t.signIn.iin}
          description={t.signIn.iinHint}
          value={props.iin}
          error={props.iinErrorText}
          inputmode="numeric"
          autocomplete="username webauthn"
        />
        <PasswordField
          id="password"
          label={t.signIn.password}
          error={props.passwordErrorText}
          autocomplete="current-password"
          words={{ show: t.signIn.show, hide: t.signIn.hide }}
        />
        <p class="forgot">
          <a href={paths.recover}>{t.signIn.forgot}</a>
        </p>
        <Checkbox
          id="remember"
          label={t.signIn.remember}
          description={t.signIn.rememberHint}
          checked={props.remember}
        />
        <Button wide>{t.signIn.submit}</Button>
      </Form>
      {props.remembered && (
        <Form id="forget-form" action={paths.forgetIin} csrf={csrf}>
          <Button kind="tertiary" wide>
            {t.signIn.forget}
          </Button>
        </Form>
      )}
    </Way>
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

/** Signing in without a password. Its page and its script are loaded only on request. */
function PasskeyWay({ t, to }: { t: Texts; to: string | undefined }) {
  return (
    <Way id="passkey-way" icon="mobile" title={t.signIn.hasPasskey} help={t.passkey.wayHelp}>
      <Begin action={paths.signInByPasskey} to={to} label={t.passkey.way} />
    </Way>
  );
}

/** Signing in by a key of the authority. Its page and its script are loaded only on request. */
function EdsWay({ t, to }: { t: Texts; to: string | undefined }) {
  return (
    <Way id="eds-way" icon="key" title={t.signIn.hasKey} help={t.eds.wayHelp}>
      <p class="without-script">{t.eds.needsScript}</p>
      <Begin action={paths.signInByEds} to={to} label={t.eds.way} />
      <HelpLink t={t} topic="key" />
    </Way>
  );
}

/** Opens the page of another way, which begins at once. */
function Begin({ action, to, label }: { action: string; to: string | undefined; label: string }) {
  return (
    <form method="get" action={action}>
      <input type="hidden" name="begin" value="1" />
      {to !== undefined && <input type="hidden" name="to" value={to} />}
      <Button kind="secondary" wide>
        {label}
      </Button>
    </form>
  );
}

/** Signing in with the key in the phone's app. */
function PhoneWay({ t, csrf, to }: { t: Texts; csrf: string; to: string | undefined }) {
  return (
    <Way id="phone-way" icon="mobile" title={t.phone.hasApp} help={t.phone.wayHelp}>
      <Form id="phone-form" action={withQuery(paths.signInByPhone, { to })} csrf={csrf}>
        <Button kind="secondary" wide>
          {t.phone.way}
        </Button>
      </Form>
    </Way>
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
  return {
    '1': t.session.over,
    kept: t.session.overKept,
    closed: t.eds.reasons.notActive,
    locked: t.lock.done,
    step: t.session.overStep,
  }[ended];
}
