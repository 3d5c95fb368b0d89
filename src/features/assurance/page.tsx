import { paths, withQuery } from '../../paths.ts';
import type { HolderProof, Restriction } from '../../platform/session.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { EdsHelp, EdsSign } from '../../ui/eds-sign.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasskeyAsk } from '../../ui/passkey-ask.tsx';
import { PasskeyRefused, type PasskeyRefusedProps } from '../../ui/passkey-refused.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { codeField } from '../../ui/step-words.ts';
import type { Language } from '../../values/language.ts';
import { maskContact } from '../contact-change/contact.ts';
import type { ShownRefusal } from '../eds/shown-refusal.ts';
import type { PasskeySite } from '../passkeys/site.ts';

export interface ProvePageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  /** What proves the holder, the strongest first. */
  readonly accepted: readonly HolderProof[];
  /** The mobile on file, and until when it proves nothing. */
  readonly mobile: string | null;
  readonly mobileFreshUntil: Date | null;
  /** Why the session only reads; null when it does not. */
  readonly restricted: Restriction | null;
  /** Where to go afterwards. */
  readonly to: string | undefined;
  /** What is wrong with a field, or with the whole, in words. */
  readonly errors: { readonly password?: string; readonly code?: string; readonly other?: string };
  /** A code was sent just now. */
  readonly sent: boolean;
  readonly where: PasskeySite;
  /** Why a passkey was refused. */
  readonly passkeyRefusal?: PasskeyRefusedProps['reason'];
  readonly eds?: ShownRefusal | undefined;
}

/** Asks the holder of a session to prove once more who they are. */
export function ProvePage(props: ProvePageProps) {
  const { t, language, csrf, accepted, to, errors, eds } = props;
  const byCode = accepted.some((one) => one === 'sms' || one === 'authenticator' || one === 'backup-code');
  const listed = [
    { fieldId: 'password', text: errors.password },
    { fieldId: 'code', text: errors.code },
    { fieldId: undefined, text: errors.other },
  ];
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={listed.flatMap(({ fieldId, text }) => (text === undefined ? [] : [{ fieldId, text }]))}
      />
      {eds && (
        <Alert kind="danger" title={t.eds.refused} announced>
          <p>{fill(t.eds.reasons[eds.reason], { since: eds.since ?? '' })}</p>
        </Alert>
      )}
      <PasskeyRefused t={t} reason={props.passkeyRefusal} />
      {props.sent && <Alert kind="success" title={t.prove.sent} announced />}
      <Restricted {...props} />
      <PageHeading
        title={t.prove.title}
        lead={t.prove.lead}
        back={{ href: paths.security, label: t.security.title }}
      />
      {accepted.includes('passkey') && <ByPasskey {...props} />}
      {accepted.includes('password') && <ByPassword {...props} />}
      {byCode && <ByCode {...props} />}
      <Card id="prove-eds" heading={t.eds.signTitle}>
        <EdsSign
          t={t}
          language={language}
          csrf={csrf}
          action={withQuery(paths.proveByEds, { to })}
          challenge={paths.proveByEdsChallenge}
          label={t.eds.choose}
          secondary={accepted.length > 1}
          again={eds?.again}
        />
        <EdsHelp t={t} />
      </Card>
      <NoticeLine>{t.prove.branch}</NoticeLine>
    </>
  );
}

/** Why the session only reads. */
function Restricted({ t, language, restricted, mobileFreshUntil }: ProvePageProps) {
  if (restricted === null) return null;
  return (
    <Alert kind="warning" title={t.prove.restrictedTitle}>
      <p>
        {restricted === 'phone'
          ? t.prove.byPhone
          : mobileFreshUntil === null
            ? t.prove.freshMobileOver
            : fill(t.prove.freshMobile, { until: formatMoment(language, mobileFreshUntil) })}
      </p>
    </Alert>
  );
}

function ByPasskey({ t, csrf, to, where }: ProvePageProps) {
  return (
    <Card id="prove-passkey" heading={t.passkey.confirm}>
      <PasskeyAsk
        t={t}
        csrf={csrf}
        action={withQuery(paths.proveByPasskey, { to })}
        challenge={paths.proveByPasskeyChallenge}
        where={where}
        label={t.passkey.use}
      />
    </Card>
  );
}

function ByPassword({ t, csrf, to, errors }: ProvePageProps) {
  return (
    <Card id="prove-password" heading={t.prove.byPassword}>
      <Form id="password-form" action={withQuery(paths.prove, { to })} csrf={csrf}>
        <PasswordField
          id="password"
          label={t.security.current}
          error={errors.password}
          autocomplete="current-password"
          words={{ show: t.signIn.show, hide: t.signIn.hide }}
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

function ByCode({ t, csrf, accepted, mobile, to, errors }: ProvePageProps) {
  const bySms = accepted.includes('sms') && mobile !== null;
  return (
    <Card id="prove-code" heading={t.prove.byCode}>
      {accepted.includes('authenticator') && <p>{t.prove.byApp}</p>}
      {bySms && <p>{fill(t.prove.smsTo, { to: maskContact({ channel: 'mobile', value: mobile }) })}</p>}
      <Form id="code-form" action={withQuery(paths.prove, { to })} csrf={csrf}>
        <Field
          id="code"
          label={t.step.code}
          value=""
          error={errors.code}
          autocomplete="one-time-code"
          {...codeField(t, accepted)}
        />
        <ButtonRow stacked>
          <Button>{t.step.submit}</Button>
          {bySms && (
            <Button name="action" value="send" kind="secondary">
              {t.prove.send}
            </Button>
          )}
        </ButtonRow>
      </Form>
    </Card>
  );
}
