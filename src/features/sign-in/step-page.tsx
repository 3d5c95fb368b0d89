import { paths, withQuery } from '../../paths.ts';
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
import { HelpLink } from '../../ui/help-link.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasskeyAsk } from '../../ui/passkey-ask.tsx';
import { PasskeyRefused, type PasskeyRefusedProps } from '../../ui/passkey-refused.tsx';
import { codeField } from '../../ui/step-words.ts';
import { maskContact } from '../contact-change/contact.ts';
import type { PasskeySite } from '../passkeys/site.ts';
import { type AskedStep, isCodeStep } from '../second-step/standing.ts';

export interface StepPageProps {
  readonly t: Texts;
  readonly csrf: string;
  /** The steps that may be taken, the strongest first. */
  readonly steps: readonly AskedStep[];
  readonly where: PasskeySite;
  /** Where a code by SMS goes. */
  readonly mobile: string | null;
  /** Where to go afterwards. */
  readonly to: string | undefined;
  readonly trust: boolean;
  /** What is wrong with the code, in words. */
  readonly error?: string | undefined;
  /** What is wrong beside it, in words. */
  readonly trouble?: string | undefined;
  /** Why a passkey was refused. */
  readonly passkeyRefusal?: PasskeyRefusedProps['reason'];
  /** A code was sent again just now. */
  readonly resent?: boolean | undefined;
  /** SMS cannot be sent at present. */
  readonly late: boolean;
}

/** Asks for the second step after a right password. */
export function StepPage(props: StepPageProps) {
  const { t, steps, error, trouble } = props;
  const bySms = steps.includes('sms');
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(error === undefined ? [] : [{ fieldId: 'code', text: error }]),
          ...(trouble === undefined ? [] : [{ fieldId: undefined, text: trouble }]),
        ]}
      />
      {props.resent && !props.late && <Alert kind="success" title={t.prove.sent} announced />}
      {bySms && props.late && <Alert kind="warning" title={t.accountRequest.mobileDown} />}
      <PasskeyRefused t={t} reason={props.passkeyRefusal} />
      <PageHeading title={t.step.title} lead={leadOf(props)} />
      <Columns split="wide-first">
        <div class="stack">
          {steps.includes('passkey') && <PasskeyStep {...props} />}
          {steps.some(isCodeStep) && <CodeStep {...props} />}
          {steps.includes('phone') && <PhoneStep {...props} />}
        </div>
        <Card id="lost" heading={t.step.lostTitle}>
          <p>{t.step.lost}</p>
          <ButtonRow>
            <ButtonLink href={paths.signInByEds}>{t.eds.way}</ButtonLink>
          </ButtonRow>
          <p>{t.accountRequest.never}</p>
        </Card>
      </Columns>
    </>
  );
}

/** The strongest step: nothing is typed that somebody could read or pass on. */
function PasskeyStep({ t, csrf, to, trust, where }: StepPageProps) {
  return (
    <Card id="passkey-step" heading={t.security.passkey}>
      <PasskeyAsk
        t={t}
        csrf={csrf}
        action={withQuery(paths.signInStepPasskey, { to })}
        challenge={paths.signInStepPasskeyChallenge}
        where={where}
        label={t.passkey.use}
      >
        <Checkbox
          id="passkey-trust"
          name="trust"
          label={t.step.trust}
          description={t.step.trustHint}
          checked={trust}
        />
      </PasskeyAsk>
    </Card>
  );
}

/** A signature with eGov Mobile, which has pages of its own. */
function PhoneStep({ t, csrf, to }: StepPageProps) {
  return (
    <Card id="phone-step" heading={t.phone.stepTitle}>
      <p>{t.phone.stepLead}</p>
      <Form id="phone-form" action={withQuery(paths.signInStepPhone, { to })} csrf={csrf}>
        <ButtonRow>
          <Button kind="secondary">{t.phone.way}</Button>
        </ButtonRow>
      </Form>
    </Card>
  );
}

/** A code: from the app, from paper or by SMS. */
function CodeStep(props: StepPageProps) {
  const { t, csrf, steps, to, error } = props;
  const bySms = steps.includes('sms');
  return (
    <div class="card">
      <Form action={withQuery(paths.signInStep, { to })} csrf={csrf} hidden={{ page: paths.signInStep }}>
        <Field
          id="code"
          label={t.step.code}
          value=""
          error={error}
          autocomplete="one-time-code"
          {...codeField(t, steps)}
        />
        <Checkbox id="trust" label={t.step.trust} description={t.step.trustHint} checked={props.trust} />
        <ButtonRow stacked>
          <Button>{t.step.submit}</Button>
          {bySms && (
            <Button name="action" value="resend" kind="secondary">
              {steps[0] === 'sms' ? t.accountRequest.resend : t.prove.send}
            </Button>
          )}
          <ButtonLink kind="tertiary" href={paths.signIn}>
            {t.accountRequest.back}
          </ButtonLink>
        </ButtonRow>
      </Form>
      <HelpLink t={t} topic="second-step" />
    </div>
  );
}

function leadOf({ t, steps, mobile }: StepPageProps): string {
  if (steps[0] === 'passkey') return t.passkey.stepLead;
  if (steps[0] === 'phone') return t.phone.lead;
  if (steps[0] === 'sms' && mobile !== null)
    return fill(t.step.smsLead, { to: maskContact({ channel: 'mobile', value: mobile }) });
  return steps.includes('authenticator') ? t.step.appLead : t.step.lead;
}
