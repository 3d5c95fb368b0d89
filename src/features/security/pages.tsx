import type { ComponentChildren } from 'preact';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Form } from '../../ui/form.tsx';
import { NewPasswordFields } from '../../ui/new-password-fields.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Table } from '../../ui/table.tsx';
import { Timeline } from '../../ui/timeline.tsx';
import type { Language } from '../../values/language.ts';
import { passwordLength } from '../passwords/password.ts';
import type { OpenSession, SecurityOverview } from './ports.ts';
import type { PasswordErrors } from './security.ts';

/** What just happened, told once at the top. */
export type SecurityDone = 'changed' | 'ended' | 'othersEnded';

export interface SecurityPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly overview: SecurityOverview;
  readonly isCurrent: (session: OpenSession) => boolean;
  readonly nameOf: (session: OpenSession) => string;
  readonly done: SecurityDone | undefined;
}

/** Password, ways to sign in, open sessions and the latest events. */
export function SecurityPage({ t, language, csrf, overview, isCurrent, nameOf, done }: SecurityPageProps) {
  const { passwordSince, frozenSince, recovered, lastEds, sessions, events } = overview;
  const moment = (at: Date) => formatMoment(language, at);
  const names: Readonly<Record<string, string | undefined>> = t.events;
  return (
    <>
      {done && (
        <Alert kind="success" title={t.security[done]} announced>
          {done === 'changed' && <p>{t.security.changedHelp}</p>}
        </Alert>
      )}
      {frozenSince && (
        <Alert kind="warning" title={t.security.frozen}>
          <p>{fill(t.security.frozenHelp, { time: moment(frozenSince) })}</p>
        </Alert>
      )}
      {recovered && (
        <Alert kind="info" title={t.security.recovered}>
          <p>
            {fill(t.security.recoveredHelp, { from: moment(recovered.at), until: moment(recovered.until) })}
          </p>
        </Alert>
      )}
      <PageHeading title={t.security.title} lead={t.security.lead} />
      <Card id="methods" heading={t.security.methods}>
        <Facts
          facts={[
            {
              term: t.security.password,
              value: passwordSince
                ? fill(t.security.passwordSince, { time: moment(passwordSince) })
                : t.security.passwordNone,
            },
            {
              term: t.security.eds,
              value: lastEds
                ? fill(t.security.edsLast, { time: moment(lastEds.at), serial: lastEds.serial })
                : t.security.edsNever,
            },
          ]}
        />
        <ButtonRow>
          <ButtonLink href="/security/password">
            {passwordSince ? t.security.change : t.security.setFirst}
          </ButtonLink>
        </ButtonRow>
      </Card>
      <Card id="sessions" heading={t.security.sessions}>
        <Table
          caption={t.security.sessions}
          captionHidden
          columns={[t.security.device, t.security.started, t.security.seen, t.security.action]}
          rows={sessions.map((session): readonly ComponentChildren[] => [
            session.device,
            moment(session.startedAt),
            moment(session.seenAt),
            isCurrent(session) ? (
              t.security.thisOne
            ) : (
              <Form
                id={`end-${nameOf(session)}`}
                action="/security/sessions/end"
                csrf={csrf}
                hidden={{ session: nameOf(session) }}
              >
                <Button kind="tertiary">{t.security.end}</Button>
              </Form>
            ),
          ])}
        />
        {sessions.length > 1 && (
          <Form id="end-others" action="/security/sessions/end-others" csrf={csrf}>
            <ButtonRow>
              <Button kind="secondary">{t.security.endOthers}</Button>
            </ButtonRow>
          </Form>
        )}
      </Card>
      <Card id="events" heading={t.security.events}>
        <Timeline
          entries={events.map(({ id, at, event, device }) => ({
            id,
            time: moment(at),
            dateTime: at.toISOString(),
            title: names[event] ?? event,
            children: device === null ? undefined : <p>{fill(t.history.device, { device })}</p>,
          }))}
        />
        <ButtonRow>
          <ButtonLink href="/history">{t.security.allEvents}</ButtonLink>
        </ButtonRow>
      </Card>
    </>
  );
}

export interface ChangePasswordPageProps {
  readonly t: Texts;
  readonly csrf: string;
  /** False for a first password: there is no current one to give. */
  readonly hasPassword: boolean;
  readonly errors: PasswordErrors;
  /** Of the whole form: too many guesses, or too many people at once. */
  readonly trouble?: string | undefined;
}

/** The current password, and a new one twice. */
export function ChangePasswordPage({ t, csrf, hasPassword, errors, trouble }: ChangePasswordPageProps) {
  const title = hasPassword ? t.security.change : t.security.setFirst;
  const currentText = errors.current && t.security[errors.current];
  const passwordText = errors.password && t.reasons[errors.password];
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
        trail={{ label: t.security.title, links: [{ href: '/security', label: t.security.title }] }}
      />
      <Card id="change" heading={title}>
        <Form action="/security/password" csrf={csrf} hidden={{ page: '/security/password' }}>
          {hasPassword && (
            <PasswordField
              id="currentPassword"
              label={t.security.current}
              error={currentText}
              autocomplete="current-password"
              words={{ show: t.signIn.show, hide: t.signIn.hide }}
            />
          )}
          <NewPasswordFields
            words={{
              password: t.newPassword.title,
              length: fill(t.newPassword.ruleLength, passwordLength),
              again: t.newPassword.again,
              rules: t.newPassword.rules,
              show: t.signIn.show,
              hide: t.signIn.hide,
            }}
            rules={[t.newPassword.ruleAny, t.newPassword.ruleCommon, t.newPassword.rulePersonal]}
            passwordError={passwordText}
            againError={againText}
          />
          <ButtonRow>
            <Button>{t.newPassword.save}</Button>
            <ButtonLink kind="tertiary" href="/security">
              {t.security.back}
            </ButtonLink>
          </ButtonRow>
        </Form>
      </Card>
    </>
  );
}
