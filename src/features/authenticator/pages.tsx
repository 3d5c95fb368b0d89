import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasswordShort } from '../../ui/password-short.tsx';
import { QrCode } from '../../ui/qr-code.tsx';

/** An app that is being added. */
export interface ShownSetup {
  /** In base32. */
  readonly secret: string;
  /** The same with the names that the app shows, for the QR code. */
  readonly address: string;
}

export interface AuthenticatorPageProps {
  readonly t: Texts;
  readonly csrf: string;
  readonly isSetUp: boolean;
  /** Undefined when none is being added. */
  readonly setup: ShownSetup | undefined;
  /** What is wrong with the code, in words. */
  readonly error?: string | undefined;
  /** What was typed. */
  readonly code?: string | undefined;
  /** The time of the app that was being added is over. */
  readonly setupOver?: boolean | undefined;
  /** The app cannot be removed, because the password is too short without it. */
  readonly passwordShort?: boolean | undefined;
}

/** Adds an authenticator app, replaces it by another one, or removes it. */
export function AuthenticatorPage(props: AuthenticatorPageProps) {
  const { t, isSetUp, setup, error } = props;
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={error === undefined ? [] : [{ fieldId: 'code', text: error }]}
      />
      {props.setupOver && (
        <Alert kind="warning" title={t.authenticator.setupOver} announced>
          <p>{t.authenticator.setupOverHelp}</p>
        </Alert>
      )}
      {props.passwordShort && <PasswordShort t={t} />}
      <PageHeading
        title={t.authenticator.title}
        lead={t.authenticator.lead}
        back={{ href: paths.security, label: t.security.title }}
      />
      {setup ? <Setup {...props} setup={setup} /> : <Begin {...props} />}
      {isSetUp && <Remove {...props} />}
    </>
  );
}

/** What the app is, before its secret is shown. */
function Begin({ t, csrf, isSetUp }: AuthenticatorPageProps) {
  return (
    <Card id="begin" heading={isSetUp ? t.authenticator.replace : t.authenticator.add}>
      <p>{isSetUp ? t.authenticator.replaceHelp : t.authenticator.needed}</p>
      <Form id="begin-form" action={paths.authenticator} csrf={csrf}>
        <ButtonRow>
          <Button name="action" value="begin">
            {t.authenticator.begin}
          </Button>
          <ButtonLink kind="tertiary" href={paths.security}>
            {t.security.back}
          </ButtonLink>
        </ButtonRow>
      </Form>
    </Card>
  );
}

/** The secret as a QR code and as text, and the field for the first code. */
function Setup({
  t,
  csrf,
  setup: { secret, address },
  error,
  code = '',
}: AuthenticatorPageProps & { readonly setup: ShownSetup }) {
  return (
    <Card id="setup" heading={t.authenticator.scanTitle}>
      <p>{t.authenticator.scan}</p>
      <QrCode text={address} label={t.authenticator.qrLabel} />
      <p>
        <a href={address}>{t.authenticator.open}</a>
      </p>
      <p>{t.authenticator.byHand}</p>
      <p class="secret" lang="en">
        {secret.match(/.{1,4}/g)?.join(' ')}
      </p>
      <p>{t.authenticator.keepSecret}</p>
      <Form action={paths.authenticator} csrf={csrf} hidden={{ page: paths.authenticator }}>
        <Field
          id="code"
          label={t.authenticator.code}
          value={code}
          error={error}
          inputmode="numeric"
          autocomplete="one-time-code"
          width="code"
        />
        <ButtonRow stacked>
          <Button>{t.step.submit}</Button>
          <ButtonLink kind="tertiary" href={paths.security}>
            {t.security.back}
          </ButtonLink>
        </ButtonRow>
      </Form>
    </Card>
  );
}

function Remove({ t, csrf }: AuthenticatorPageProps) {
  return (
    <Card id="remove" heading={t.authenticator.remove}>
      <p>{t.authenticator.removeHelp}</p>
      <Form id="remove-form" action={paths.removeAuthenticator} csrf={csrf}>
        <ButtonRow>
          <Button kind="secondary">{t.authenticator.remove}</Button>
        </ButtonRow>
      </Form>
    </Card>
  );
}
