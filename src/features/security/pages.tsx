import type { ComponentChildren } from 'preact';
import { paths } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { RestrictedAlert } from '../../ui/restricted-alert.tsx';
import { Table } from '../../ui/table.tsx';
import { Timeline } from '../../ui/timeline.tsx';
import { wayName } from '../../ui/way-name.ts';
import type { Language } from '../../values/language.ts';
import { maskOnFile } from '../contact-change/contact.ts';
import { type ReminderKind, reminderKinds } from '../reminders/kinds.ts';
import { hasStrongStep, type StepStanding } from '../second-step/standing.ts';
import { networkName } from '../sign-in/session-names.ts';
import type { HolderSession, SecurityEvent, SecurityStanding, TrustedBrowser } from './store.ts';

/** What has just happened. Shown once, at the top. */
export type SecurityDone = 'changed' | 'ended' | 'othersEnded' | 'factors' | 'trustEnded' | 'reminded';

/** A session as the page shows it. */
export interface ShownSession extends HolderSession {
  readonly name: string;
  readonly isCurrent: boolean;
}

/** A browser in which no second step is asked, as the page shows it. */
export interface ShownBrowser extends TrustedBrowser {
  readonly name: string;
}

export interface SecurityPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly standing: SecurityStanding;
  /** What the holder has for the second step. */
  readonly steps: StepStanding;
  /** Browsers in which no second step is asked. */
  readonly trusted: readonly ShownBrowser[];
  /** The reminders that the holder has switched off. */
  readonly switchedOff: readonly ReminderKind[];
  /** The session only reads. */
  readonly restricted: boolean;
  /** The most recently used first. */
  readonly sessions: readonly ShownSession[];
  /** The latest first. */
  readonly events: readonly SecurityEvent[];
  readonly done: SecurityDone | undefined;
}

/** Shows the password, the ways to sign in, open sessions and the latest events. */
export function SecurityPage(props: SecurityPageProps) {
  const { t, language, standing, done } = props;
  const { frozenSince, recovered } = standing;
  const moment = (at: Date) => formatMoment(language, at);
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
      {props.restricted && <RestrictedAlert t={t} />}
      <PageHeading title={t.security.title} lead={t.security.lead} />
      <Methods t={t} language={language} standing={standing} />
      <SecondStep {...props} />
      <Sessions {...props} />
      <Reminders {...props} />
      <Lock t={t} />
      <LatestEvents {...props} />
    </>
  );
}

/** How and from where a session was opened. */
function cameBy(t: Texts, { method, network }: Pick<ShownSession, 'method' | 'network'>): string {
  const way = wayName(t, method);
  return network === null ? way : `${way} · ${networkName(network)}`;
}

/** The way to the page that locks the cabinet. */
function Lock({ t }: { t: Texts }) {
  return (
    <Card id="lock" heading={t.security.lock}>
      <p>{t.security.lockHelp}</p>
      <ButtonRow>
        <ButtonLink href={paths.lockCabinet}>{t.security.lock}</ButtonLink>
      </ButtonRow>
      <HelpLink t={t} topic="lock" />
    </Card>
  );
}

/** The ways to sign in. */
function Methods({ t, language, standing }: Pick<SecurityPageProps, 't' | 'language' | 'standing'>) {
  const { passwordSince, lastEds } = standing;
  const moment = (at: Date) => formatMoment(language, at);
  return (
    <Card id="methods" heading={t.security.methods}>
      <Facts
        long
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
        <ButtonLink href={paths.changePassword}>
          {passwordSince ? t.security.change : t.security.setFirst}
        </ButtonLink>
      </ButtonRow>
    </Card>
  );
}

/** What is asked after the password, and where it is not. */
function SecondStep({ t, language, csrf, steps, trusted }: SecurityPageProps) {
  const { mobile, smsAllowed, passkeys, authenticator, backupCodes } = steps;
  const hasCodes = hasStrongStep(steps) || backupCodes > 0;
  const to = maskOnFile('mobile', mobile) ?? t.requisites.notSpecified;
  return (
    <Card id="second-step" heading={t.security.secondStep}>
      <p>{t.security.secondStepHelp}</p>
      <Facts
        long
        facts={[
          {
            term: t.security.passkey,
            value:
              passkeys > 0
                ? fill(t.security.passkeysAdded, { count: String(passkeys) })
                : t.security.secondStepNone,
          },
          {
            term: t.security.authenticator,
            value: authenticator ? t.security.authenticatorOn : t.security.secondStepNone,
          },
          ...(hasCodes
            ? [
                {
                  term: t.security.backupCodes,
                  value:
                    backupCodes > 0
                      ? fill(t.security.backupCodesLeft, { count: backupCodes })
                      : t.security.backupCodesNone,
                },
              ]
            : []),
          {
            term: t.security.sms,
            value: smsAllowed ? fill(t.security.smsOn, { to }) : t.security.secondStepNone,
          },
        ]}
      />
      <ButtonRow>
        <ButtonLink href={paths.passkeys}>{t.security.passkeysChange}</ButtonLink>
        <ButtonLink href={paths.authenticator}>{t.security.authenticatorChange}</ButtonLink>
        {hasCodes && <ButtonLink href={paths.backupCodes}>{t.security.backupCodesChange}</ButtonLink>}
        <ButtonLink href={paths.allowSmsStep}>{t.security.smsChange}</ButtonLink>
      </ButtonRow>
      <HelpLink t={t} topic="second-step" />
      {trusted.length > 0 && (
        <Table
          caption={t.security.trusted}
          columns={[t.security.device, { hidden: t.security.action }]}
          rows={trusted.map(({ name, device, until }): readonly ComponentChildren[] => [
            <>
              {device ?? '—'}
              <div class="came-by">
                {fill(t.security.trustedUntil, { until: formatMoment(language, until) })}
              </div>
            </>,
            <Form id={`trust-${name}`} action={paths.endTrust} csrf={csrf} hidden={{ browser: name }}>
              <Button kind="tertiary">{t.security.endTrust}</Button>
            </Form>,
          ])}
        />
      )}
    </Card>
  );
}

/** The open sessions, and how to end them. */
function Sessions({ t, language, csrf, sessions }: SecurityPageProps) {
  return (
    <Card id="sessions" heading={t.security.sessions}>
      <Table
        caption={t.security.sessions}
        captionHidden
        columns={[t.security.device, t.security.started, t.security.seen, { hidden: t.security.action }]}
        rows={sessions.map(({ name, startedAt, seenAt, isCurrent, ...way }): readonly ComponentChildren[] => [
          <>
            {way.device} {isCurrent && <span class="badge">{t.security.thisOne}</span>}
            <div class="came-by">{cameBy(t, way)}</div>
          </>,
          formatMoment(language, startedAt),
          formatMoment(language, seenAt),
          isCurrent ? null : (
            <Form id={`end-${name}`} action={paths.endSession} csrf={csrf} hidden={{ session: name }}>
              <Button kind="tertiary">{t.security.end}</Button>
            </Form>
          ),
        ])}
      />
      {sessions.length > 1 && (
        <Form id="end-others" action={paths.endOtherSessions} csrf={csrf}>
          <ButtonRow>
            <Button kind="secondary">{t.security.endOthers}</Button>
          </ButtonRow>
        </Form>
      )}
    </Card>
  );
}

/** What the holder is reminded of, and how to switch that off. */
function Reminders({ t, csrf, switchedOff }: SecurityPageProps) {
  return (
    <Card id="reminders" heading={t.security.reminders}>
      <p>{t.security.remindersHelp}</p>
      <Table
        caption={t.security.reminders}
        captionHidden
        columns={[t.security.reminder, t.security.reminderState, { hidden: t.security.action }]}
        rows={reminderKinds.map((kind): readonly ComponentChildren[] => {
          const isOn = !switchedOff.includes(kind);
          return [
            t.security.reminderOf[kind],
            isOn ? t.security.reminderOn : t.security.reminderOff,
            <Form
              id={`reminder-${kind}`}
              action={paths.switchReminder}
              csrf={csrf}
              hidden={{ kind, on: isOn ? '0' : '1' }}
            >
              <Button kind="tertiary">
                {isOn ? t.security.switchOff : t.security.switchOn}{' '}
                <span class="ds-sr-only">({t.security.reminderOf[kind]})</span>
              </Button>
            </Form>,
          ];
        })}
      />
    </Card>
  );
}

/** Shows the latest events, with a link to all. */
function LatestEvents({ t, language, events }: SecurityPageProps) {
  const names: Readonly<Record<string, string | undefined>> = t.events;
  return (
    <Card id="events" heading={t.security.events}>
      <Timeline
        entries={events.map(({ id, at, event, device }) => ({
          id,
          time: formatMoment(language, at),
          dateTime: at.toISOString(),
          title: names[event] ?? event,
          children: device === null ? undefined : <p>{fill(t.history.device, { device })}</p>,
        }))}
      />
      <ButtonRow>
        <ButtonLink href={paths.history}>{t.security.allEvents}</ButtonLink>
      </ButtonRow>
    </Card>
  );
}
