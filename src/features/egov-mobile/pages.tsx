import type { ComponentChildren } from 'preact';
import { paths, phoneReturnPath } from '../../paths.ts';
import { formatTime } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Columns } from '../../ui/columns.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import type { Language } from '../../values/language.ts';
import type { PhoneAttempt } from './attempt.ts';
import { type PhoneView, secondsLeft } from './view.ts';

/** Where a phone is asked for a signature. */
export interface PhonePlace {
  readonly title: string;
  readonly lead: string;
  /** The page itself, and where its button starts an attempt. */
  readonly page: string;
  readonly begin: string;
  /** The page with the other ways. */
  readonly other: { readonly href: string; readonly label: string };
}

export interface PhonePageProps {
  readonly t: Texts;
  readonly place: PhonePlace;
  readonly csrf: string;
  readonly view: PhoneView;
  readonly attempt: PhoneAttempt | undefined;
  /** What the QR code holds, and the link that opens the app; while a phone is waited for. */
  readonly code: { readonly qr: string; readonly link: string; readonly turn: number } | undefined;
  /** Whether a session could do more than read, once the six digits were typed. */
  readonly asksDigits: boolean;
  /** Whether nobody comes in without the digits. */
  readonly needsDigits: boolean;
  /** Whether the session will only read, whatever is typed. */
  readonly willRead: boolean;
  /** Why the attempt ended, in words. */
  readonly reason?: string | undefined;
  /** What is wrong with the six digits, in words. */
  readonly codeError?: string | undefined;
  /** Why nothing began, or why nobody comes in, in words. */
  readonly trouble?: string | undefined;
  /** The command that takes the place of the app, in a demonstration. */
  readonly command: string | undefined;
}

/** Signing in with the phone: every state of it. */
export function PhonePage(props: PhonePageProps) {
  const { t, view, place, codeError, trouble } = props;
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(codeError === undefined ? [] : [{ fieldId: 'code', text: codeError }]),
          ...(trouble === undefined ? [] : [{ fieldId: undefined, text: trouble }]),
        ]}
      />
      <PageHeading title={place.title} lead={view === 'gone' ? place.lead : undefined} />
      {view === 'waiting' && <Waiting {...props} />}
      {view === 'scanned' && <Scanned {...props} />}
      {view === 'done' && <Done {...props} />}
      {(view === 'refused' || view === 'expired') && <Ended {...props} />}
      {view === 'gone' && <Begin {...props} label={t.phone.begin} />}
      <div class="stack">
        <NoticeLine>
          {t.phone.safety} {t.signIn.safetyAddress}
        </NoticeLine>
        <p>
          <ButtonLink kind="tertiary" href={place.other.href}>
            {place.other.label}
          </ButtonLink>
        </p>
        <HelpLink t={t} topic="phone" />
      </div>
    </>
  );
}

/** The block that `client/phone.ts` keeps up to date. */
function Watched(props: PhonePageProps & { readonly children: ComponentChildren }) {
  const { t, view, attempt, code, place, children } = props;
  const left = attempt ? secondsLeft(attempt) : 0;
  const [before = '', after = ''] = t.phone.left.split('{time}');
  return (
    <div
      id="phone-attempt"
      class="stack"
      data-page={place.page}
      data-state={view}
      data-left={left}
      data-turn={code?.turn}
      data-trouble={attempt?.trouble ?? ''}
    >
      {children}
      <p>
        {before}
        <span data-left-time="">{minutes(left)}</span>
        {after}
      </p>
      <div class="button-row">
        <form method="get" action={place.page} class="until-script">
          <Button kind="secondary">{t.phone.signed}</Button>
        </form>
        <Begin {...props} label={t.phone.again} secondary />
      </div>
    </div>
  );
}

/** Minutes and seconds. */
function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The link for this phone, and the QR code for another one. A style sheet puts the fitting one first. */
function Waiting(props: PhonePageProps) {
  const { t, code, attempt, command } = props;
  if (!code || !attempt) return null;
  return (
    <Watched {...props}>
      <div class="phone-ways">
        <Card id="this-phone" heading={t.phone.thisPhone}>
          <p>{fill(t.phone.document.number, { number: attempt.digits })}</p>
          <p>
            <a class="ds-button" href={code.link} data-link="">
              {t.phone.openApp}
            </a>
          </p>
          <details class="narrow-only">
            <summary>{t.phone.otherScreen}</summary>
            <QrCode text={code.qr} label={t.phone.qrLabel} />
          </details>
        </Card>
        <section class="card wide-only" id="scan" aria-labelledby="scan-heading">
          <h2 id="scan-heading">{t.phone.scanTitle}</h2>
          <Columns>
            <QrCode text={code.qr} label={t.phone.qrLabel} />
            <div>
              <Digits {...props} />
              <ol>
                {[t.phone.steps.open, t.phone.steps.scan, t.phone.steps.compare, t.phone.steps.sign].map(
                  (step) => (
                    <li key={step}>{step}</li>
                  ),
                )}
              </ol>
            </div>
          </Columns>
        </section>
      </div>
      {command !== undefined && (
        <NoticeLine>
          {t.phone.demo} <code>{command}</code>
        </NoticeLine>
      )}
    </Watched>
  );
}

/** The two digits that the phone shows, too. */
function Digits({ t, attempt }: PhonePageProps) {
  return (
    <p class="phone-digits">
      <span>{t.phone.numberTitle}</span> <b>{attempt?.digits}</b>
    </p>
  );
}

function Scanned(props: PhonePageProps) {
  const { t, attempt } = props;
  return (
    <Watched {...props}>
      <Alert kind="info" title={t.phone.scanned.title} announced>
        <p>{t.phone.scanned.text}</p>
      </Alert>
      {attempt?.trouble && (
        <Alert kind="warning">
          <p>{t.phone.trouble[attempt.trouble]}</p>
        </Alert>
      )}
      <Digits {...props} />
    </Watched>
  );
}

/** The signature was taken: the digits of the signing phone, where they make a difference. */
function Done(props: PhonePageProps) {
  const { t, csrf, asksDigits, needsDigits, willRead, codeError } = props;
  return (
    <>
      {codeError === undefined && <Alert kind="success" title={t.phone.done.title} announced />}
      <div class="card">
        {willRead && <p>{t.phone.done.reading}</p>}
        {asksDigits && <p>{t.phone.done.digits}</p>}
        <Form action={paths.enterByPhone} csrf={csrf}>
          {asksDigits && (
            <Field
              id="code"
              label={t.phone.done.code}
              value=""
              error={codeError}
              inputmode="numeric"
              autocomplete="one-time-code"
              width="code"
            />
          )}
          <ButtonRow stacked>
            <Button>{t.phone.done.enter}</Button>
            {asksDigits && !needsDigits && (
              <Button kind="secondary" name="action" value="read">
                {t.phone.done.withoutCode}
              </Button>
            )}
          </ButtonRow>
        </Form>
      </div>
    </>
  );
}

function Ended(props: PhonePageProps) {
  const { t, view, reason } = props;
  return (
    <>
      {view === 'expired' ? (
        <Alert kind="warning" title={t.phone.expired.title} announced>
          <p>{t.phone.expired.text}</p>
        </Alert>
      ) : (
        <Alert kind="danger" title={t.phone.refused} announced>
          <p>{reason}</p>
        </Alert>
      )}
      <Begin {...props} label={t.phone.again} />
    </>
  );
}

/** The button that starts an attempt. */
function Begin({
  csrf,
  place,
  label,
  secondary = false,
}: Pick<PhonePageProps, 'csrf' | 'place'> & { readonly label: string; readonly secondary?: boolean }) {
  return (
    <Form id="begin-form" action={place.begin} csrf={csrf}>
      <Button kind={secondary ? 'tertiary' : 'primary'}>{label}</Button>
    </Form>
  );
}

export interface ReturnPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly secret: string;
  /** `here`: in the browser that began. `elsewhere`: in another one. */
  readonly view: 'here' | 'elsewhere' | 'stopped' | 'over';
  readonly attempt: PhoneAttempt | undefined;
  /** The six digits, for another browser. */
  readonly digits: string | undefined;
}

/** Where the app leads back after signing. Opening it changes nothing. */
export function ReturnPage(props: ReturnPageProps) {
  const { t, view } = props;
  if (view === 'over' || view === 'stopped') {
    return (
      <>
        <PageHeading
          title={view === 'over' ? t.phone.back.overTitle : t.phone.back.stoppedTitle}
          lead={view === 'over' ? t.phone.back.overText : t.phone.back.stoppedText}
        />
        <ButtonRow>
          <ButtonLink href={paths.start}>{t.problems.home}</ButtonLink>
        </ButtonRow>
      </>
    );
  }
  return (
    <>
      <PageHeading
        title={t.phone.back.title}
        lead={view === 'here' ? t.phone.back.here : t.phone.back.elsewhere}
      />
      {view === 'here' ? <EnterHere {...props} /> : <Elsewhere {...props} />}
    </>
  );
}

function EnterHere({ t, csrf, secret }: ReturnPageProps) {
  return (
    <Form action={phoneReturnPath(secret)} csrf={csrf}>
      <ButtonRow stacked>
        <Button>{t.phone.done.enter}</Button>
        <Button kind="tertiary" name="action" value="stop">
          {t.phone.back.stop}
        </Button>
      </ButtonRow>
    </Form>
  );
}

function Elsewhere({ t, language, csrf, secret, attempt, digits = '' }: ReturnPageProps) {
  return (
    <>
      <p class="phone-digits">
        <span>{t.phone.done.code}</span> <b>{`${digits.slice(0, 3)}\u00a0${digits.slice(3)}`}</b>
      </p>
      <Card id="who" heading={t.phone.back.who}>
        {attempt && (
          <Facts
            facts={[
              { term: t.phone.deviceLabel, value: attempt.device },
              { term: t.phone.networkLabel, value: attempt.network },
              { term: t.phone.openedLabel, value: formatTime(language, attempt.startedAt) },
            ]}
          />
        )}
        <p>{t.phone.back.warning}</p>
        <Form id="stop-form" action={phoneReturnPath(secret)} csrf={csrf}>
          <Button kind="secondary" name="action" value="stop">
            {t.phone.back.stop}
          </Button>
        </Form>
      </Card>
    </>
  );
}
