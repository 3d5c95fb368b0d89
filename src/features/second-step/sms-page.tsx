import { paths } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { Language } from '../../values/language.ts';
import { maskContact } from '../contact-change/contact.ts';
import { hasStrongStep, type StepStanding } from './standing.ts';

export interface SmsPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly standing: StepStanding;
}

/** Codes by SMS as a second step: what they are good for, their risk, and the switch. */
export function SmsPage({ t, language, csrf, standing }: SmsPageProps) {
  const { mobile, mobileFreshUntil, smsAllowed } = standing;
  const canAllow = mobile !== null && mobileFreshUntil === null;
  return (
    <>
      <PageHeading
        title={t.smsStep.title}
        lead={t.smsStep.lead}
        back={{ href: paths.security, label: t.security.title }}
      />
      <Card id="sms-step" heading={t.smsStep.riskTitle}>
        <p>{t.smsStep.risk}</p>
        {hasStrongStep(standing) && <p>{t.smsStep.besideStrong}</p>}
        {mobile === null ? (
          <Alert kind="warning">
            <p>{t.smsStep.noMobile}</p>
          </Alert>
        ) : (
          <p>{fill(t.smsStep.to, { to: maskContact({ channel: 'mobile', value: mobile }) })}</p>
        )}
        {mobileFreshUntil !== null && (
          <Alert kind="warning">
            <p>{fill(t.prove.freshMobile, { until: formatMoment(language, mobileFreshUntil) })}</p>
          </Alert>
        )}
        <Form action={paths.allowSmsStep} csrf={csrf} hidden={{ allow: smsAllowed ? '0' : '1' }}>
          <ButtonRow>
            {(canAllow || smsAllowed) && <Button>{smsAllowed ? t.smsStep.withdraw : t.smsStep.allow}</Button>}
            <ButtonLink kind="tertiary" href={paths.security}>
              {t.security.back}
            </ButtonLink>
          </ButtonRow>
        </Form>
      </Card>
    </>
  );
}
