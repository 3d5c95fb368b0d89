import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { characterText } from '../../ui/character-text.ts';
import { Columns } from '../../ui/columns.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { NewPasswordFields } from '../../ui/new-password-fields.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { IinReason } from '../../values/iin.ts';
import type { Channel } from '../notices/ports.ts';
import { passwordLength } from '../passwords/password.ts';
import type { ChoiceReason, TypedCodeReason } from './account-request.ts';
import type { AccountRequestKind } from './ports.ts';
import type { TypedContactReason } from './typed-contact.ts';

interface AccountRequestPageProps {
  readonly t: Texts;
  readonly kind: AccountRequestKind;
  readonly csrf: string;
  /** Codes are being guessed, so that asking for one costs work: for so many minutes at least. */
  readonly stoppedMinutes: string | undefined;
  /** This network has asked too often: for so many minutes. */
  readonly limitedMinutes?: string | undefined;
  /** Channels whose gateway is down now; told to everybody alike. */
  readonly down: readonly Channel[];
}

/** A field's refusal: a key of the texts, and what fills its place. */
export interface FieldRefusal<Reason extends string> {
  readonly reason: Reason | 'empty';
  readonly detail?: string | undefined;
}

export interface AskPageProps extends AccountRequestPageProps {
  readonly iin: string;
  readonly contact: string;
  readonly iinError?: FieldRefusal<IinReason> | undefined;
  readonly contactError?: FieldRefusal<TypedContactReason> | undefined;
}

/** The words of each kind; both have the same. */
function wordsOf(t: Texts, kind: AccountRequestKind) {
  return kind === 'register' ? t.registration : t.recovery;
}

/** Where each kind stands. */
export function pathOf(kind: AccountRequestKind): '/register' | '/recover' {
  return kind === 'register' ? '/register' : '/recover';
}

/** Who asks, and where the fund can reach them. */
export function AskPage(props: AskPageProps) {
  const { t, kind, csrf, iinError, contactError } = props;
  const words = wordsOf(t, kind);
  const iinText = iinError && (iinError.reason === 'empty' ? t.signIn.iinEmpty : t.reasons[iinError.reason]);
  const contactText =
    contactError &&
    (contactError.reason === 'empty'
      ? t.entry.contactEmpty
      : fill(t.reasons[contactError.reason], {
          detail: characterText(t, contactError.detail ?? ''),
        }));
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(iinText === undefined ? [] : [{ fieldId: 'iin', text: iinText }]),
          ...(contactText === undefined ? [] : [{ fieldId: 'contact', text: contactText }]),
        ]}
      />
      <Trouble {...props} />
      <PageHeading title={words.title} lead={words.lead} />
      <Columns split="wide-first">
        <Card id="ask" heading={words.title}>
          <Form action={pathOf(kind)} csrf={csrf} hidden={{ page: pathOf(kind) }}>
            <Field
              id="iin"
              label={t.signIn.iin}
              description={t.signIn.iinHint}
              value={props.iin}
              error={iinText}
              inputmode="numeric"
              autocomplete="username"
            />
            <Field
              id="contact"
              label={t.entry.contact}
              description={t.entry.contactHint}
              value={props.contact}
              error={contactText}
            />
            <Work {...props} />
            <ButtonRow>
              <Button>{t.entry.submit}</Button>
              <ButtonLink kind="tertiary" href="/sign-in">
                {t.entry.back}
              </ButtonLink>
            </ButtonRow>
          </Form>
        </Card>
        <Card id="help" heading={t.entry.nothing}>
          <p>{words.nothingKnown}</p>
          <p>{t.entry.notOnFile}</p>
          <p>{t.entry.never}</p>
        </Card>
      </Columns>
    </>
  );
}

export interface CodePageProps extends AccountRequestPageProps {
  /** How long a code lives. */
  readonly codeMinutes: number;
  readonly error?: TypedCodeReason | 'codeEmpty' | undefined;
  readonly message?: 'resent' | undefined;
  readonly codesPerQuarterHour: number;
}

/** The code, whether one was sent or not: the page is the same for everybody. */
export function CodePage(props: CodePageProps) {
  const { t, kind, csrf, message } = props;
  const words = wordsOf(t, kind);
  const error = props.error && t.reasons[props.error];
  const path = `${pathOf(kind)}/confirm`;
  // Which channel was asked for is not told here, so "sent" is said of neither.
  const late = props.down.length > 0;
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={error === undefined ? [] : [{ fieldId: 'code', text: error }]}
      />
      <Trouble {...props} />
      {message && !late && <Alert kind="success" title={t.entry[message]} announced />}
      <PageHeading
        title={words.title}
        lead={late ? t.entry.codeLeadLate : fill(t.entry.codeLead, { minutes: props.codeMinutes })}
      />
      <Columns split="wide-first">
        <Card id="code-card" heading={t.entry.code}>
          <Form action={path} csrf={csrf} hidden={{ page: path }}>
            <Field
              id="code"
              label={t.entry.code}
              description={t.entry.codeHint}
              value=""
              error={error}
              autocomplete="one-time-code"
              width="short"
            />
            <Work {...props} />
            <ButtonRow>
              <Button>{t.entry.confirm}</Button>
              <Button name="action" value="resend" kind="secondary">
                {t.entry.resend}
              </Button>
              <ButtonLink kind="tertiary" href={`${pathOf(kind)}?again=1`}>
                {t.entry.fix}
              </ButtonLink>
            </ButtonRow>
          </Form>
        </Card>
        <Card id="help" heading={t.entry.nothing}>
          <p>{t.entry.nothingWait}</p>
          <p>{fill(t.entry.nothingCheck, { count: props.codesPerQuarterHour })}</p>
          <p>{words.nothingKnown}</p>
          <p>{t.entry.notOnFile}</p>
          <p>{t.entry.never}</p>
        </Card>
      </Columns>
    </>
  );
}

export interface PasswordPageProps {
  readonly t: Texts;
  readonly kind: AccountRequestKind;
  readonly csrf: string;
  readonly error?: ChoiceReason | undefined;
  readonly busy?: boolean | undefined;
  readonly contactWaitHours: number;
}

/** The choice of a password, after the right code. */
export function PasswordPage({ t, kind, csrf, error, busy, contactWaitHours }: PasswordPageProps) {
  const path = `${pathOf(kind)}/password`;
  const differ = error === 'passwordsDiffer';
  const text = error && t.reasons[error];
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(text === undefined ? [] : [{ fieldId: differ ? 'passwordAgain' : 'password', text }]),
          ...(busy ? [{ fieldId: undefined, text: t.signIn.busy }] : []),
        ]}
      />
      <PageHeading title={t.newPassword.title} lead={t.newPassword.sessionsEnd} />
      <Card id="new-password" heading={t.newPassword.title}>
        <p>{fill(t.newPassword.wait, { hours: contactWaitHours })}</p>
        <Form action={path} csrf={csrf} hidden={{ page: path }}>
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
            passwordError={differ ? undefined : text}
            againError={differ ? text : undefined}
          />
          <ButtonRow>
            <Button>{t.newPassword.save}</Button>
          </ButtonRow>
        </Form>
      </Card>
    </>
  );
}

/** The way on while codes cost work: shown by `client/work.ts`, which does it. Nothing is to be seen, read or solved. */
function Work({ t, kind, stoppedMinutes, limitedMinutes }: AccountRequestPageProps) {
  if (stoppedMinutes === undefined && limitedMinutes === undefined) return null;
  return (
    <div
      id="work"
      hidden
      data-path={`${pathOf(kind)}/work`}
      data-running={t.work.running}
      data-done={t.work.done}
      data-cancelled={t.work.cancelled}
      data-failed={t.work.failed}
    >
      <p id="work-status" role="status" aria-live="polite">
        {t.work.before}
      </p>
      <Button type="button" kind="secondary" id="work-cancel">
        {t.work.cancel}
      </Button>
    </div>
  );
}

function Trouble({ t, stoppedMinutes, limitedMinutes, down }: AccountRequestPageProps) {
  const minutes = stoppedMinutes ?? limitedMinutes;
  return (
    <>
      {minutes !== undefined && (
        <Alert
          kind="warning"
          title={stoppedMinutes === undefined ? fill(t.entry.limited, { minutes }) : t.entry.stopped}
          announced
        >
          {stoppedMinutes !== undefined && <p>{t.entry.stoppedWhy}</p>}
          <p id="without-work">{fill(t.work.without, { minutes })}</p>
          <p>
            <a href="/sign-in/eds">{t.eds.way}</a>
          </p>
        </Alert>
      )}
      {down.map((channel) => (
        <Alert
          key={channel}
          kind="warning"
          title={channel === 'mobile' ? t.entry.mobileDown : t.entry.emailDown}
        >
          <p>{t.entry.downHelp}</p>
        </Alert>
      ))}
    </>
  );
}
