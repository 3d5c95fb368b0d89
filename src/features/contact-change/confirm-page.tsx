import { paths } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Compare, compareWords } from '../../ui/compare.tsx';
import { contactWaitText } from '../../ui/contact-wait.ts';
import { EdsHelp, EdsSign } from '../../ui/eds-sign.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { Icon } from '../../ui/icon.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasskeyAsk } from '../../ui/passkey-ask.tsx';
import { PasskeyRefused, type PasskeyRefusedProps } from '../../ui/passkey-refused.tsx';
import type { Language } from '../../values/language.ts';
import { changeRows } from '../changes/change.ts';
import type { SentCode } from '../codes/store.ts';
import type { ShownRefusal } from '../eds/shown-refusal.ts';
import type { Channel } from '../notices/channel.ts';
import type { PasskeySite } from '../passkeys/site.ts';
import type { PasskeyForContacts } from '../passkeys/store.ts';
import type { CodeField } from './code-fields.ts';
import { touchedChannels } from './contact.ts';
import { type ContactProof, type NeededProofs, openProofs, type PendingChange } from './pending-change.ts';
import { type CodeFieldReason, type ConfirmErrors, ProofSteps } from './proof-steps.tsx';

export interface ConfirmPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly pending: PendingChange;
  readonly needed: NeededProofs;
  /** Hours for which the change closes the other contact. */
  readonly waitHours: number;
  /** The last code that was sent for each proof. */
  readonly asked: ReadonlyMap<ContactProof, SentCode>;
  readonly errors: ConfirmErrors;
  /** What just happened, apart from errors of fields. */
  readonly message?: ConfirmMessage | undefined;
  /** The channel on file that was chosen on this page, whether it was submitted or not. */
  readonly via?: string | undefined;
  /** Whether a passkey may stand for the contact on file. */
  readonly passkey: PasskeyForContacts;
  readonly where: PasskeySite;
  /** Why a passkey was refused. */
  readonly passkeyRefusal?: PasskeyRefusedProps['reason'];
  /** Why a signature was refused. */
  readonly eds?: ShownRefusal | undefined;
  /** Channels whose gateway is down now. */
  readonly unavailable: readonly Channel[];
  /** Whether a change can be signed with the phone. */
  readonly byPhone: boolean;
}

export type ConfirmMessage = 'codeLimit' | 'codeSent' | 'proofGone';

/** Shows the old and new values, and the proofs that are still needed. */
export function ConfirmPage(props: ConfirmPageProps) {
  const { t, pending, needed, errors } = props;
  const isStuck = needed.choices.length === 0;
  const order = ['newMobileCode', 'newEmailCode', 'via', 'currentCode'] as const;
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={order.flatMap((field) => {
          const reason = errors.get(field);
          return reason === undefined ? [] : [{ fieldId: field, text: errorLine(t, field, reason) }];
        })}
      />
      <ConfirmAlerts {...props} />
      <PageHeading
        title={t.confirm.title}
        lead={touchedChannels(pending.entries).length > 0 ? t.confirm.lead : t.eds.signLead}
        back={{ href: paths.requisites, label: t.requisites.heading }}
      />
      <ChangesCard {...props} />
      {!isStuck && (
        <p class="aside">
          <Icon name="key" />
          <span>
            <a href="#eds">{t.confirm.hasKey}</a> <span>{t.confirm.noCodes}</span>
          </span>
        </p>
      )}
      {isStuck && <SignCard {...props} />}
      <ConfirmForm {...props} />
      {!isStuck && !pending.currentProved && <PasskeyCard {...props} />}
      {!isStuck && <SignCard {...props} />}
      <Card id="other-ways" heading={t.confirm.otherWays}>
        <p>{t.confirm.otherWaysText}</p>
        <HelpLink t={t} topic="confirmation" />
        <HelpLink t={t} topic="old-number" />
        <ButtonLink href={paths.requisites}>{t.receipt.back}</ButtonLink>
      </Card>
    </>
  );
}

/** Two codes may be wrong in the same way, so each line names its field. */
function errorLine(t: Texts, field: CodeField | 'via', reason: CodeFieldReason): string {
  return field === 'via' ? t.reasons[reason] : `${t.confirm[field]}: ${t.reasons[reason]}`;
}

/** Says what has just happened, why a signature was refused, and which gateway is down. */
function ConfirmAlerts(props: ConfirmPageProps) {
  const { t, needed, eds, unavailable } = props;
  const message = props.message ?? standingMessage(props);
  const isDown = [needed.new, needed.current].some(
    (target) => target && unavailable.includes(target.channel),
  );
  return (
    <>
      {message && !(isDown && message === 'codeSent') && (
        <Alert kind={message === 'codeSent' ? 'success' : 'warning'} title={t.confirm[message]} announced />
      )}
      {eds && (
        <Alert kind="danger" title={t.eds.refused} announced>
          <p>{fill(t.eds.reasons[eds.reason], { since: eds.since ?? '' })}</p>
        </Alert>
      )}
      <PasskeyRefused t={t} reason={props.passkeyRefusal} />
      {isDown && (
        <Alert kind="warning" title={t.confirm.gatewayDown}>
          <p>{t.confirm.gatewayDownHelp}</p>
        </Alert>
      )}
    </>
  );
}

/** The message that follows from the state of the change alone. */
function standingMessage({ pending, needed, asked }: ConfirmPageProps): ConfirmMessage | undefined {
  if (needed.choices.length === 0) return undefined;
  if (pending.lapsed) return 'proofGone';
  // A limit held back a code that is needed and was never sent.
  const isHeld = openProofs(pending, needed).some((proof) => !asked.has(proof));
  return isHeld ? 'codeLimit' : undefined;
}

function ChangesCard({ t, language, pending, waitHours }: ConfirmPageProps) {
  const wait = pending.byEds
    ? undefined
    : contactWaitText(t, language, touchedChannels(pending.entries)[0], {
        from: new Date(),
        hours: waitHours,
      });
  return (
    <Card id="changes" heading={t.receipt.changes}>
      <Compare
        caption={t.receipt.changes}
        words={compareWords(t)}
        arrow
        rows={changeRows(t.requisites, pending.entries)}
      />
      <p>{t.confirm.oldStays}</p>
      {wait !== undefined && <NoticeLine>{wait}</NoticeLine>}
    </Card>
  );
}

/** Offers a passkey in place of the code to a contact on file. */
function PasskeyCard({ t, language, csrf, pending, passkey, where }: ConfirmPageProps) {
  const { usable, from } = passkey;
  if (usable.length === 0 && from === null) return null;
  return (
    <Card id="passkey-instead" heading={t.passkey.confirm}>
      {usable.length === 0 && from !== null ? (
        <p>{fill(t.passkey.changeLater, { time: formatMoment(language, from) })}</p>
      ) : (
        <>
          <p>{t.passkey.change}</p>
          <PasskeyAsk
            t={t}
            csrf={csrf}
            action={paths.confirmByPasskey}
            challenge={paths.confirmByPasskeyChallenge}
            formId={pending.formId}
            where={where}
            label={t.passkey.use}
            secondary
          />
        </>
      )}
    </Card>
  );
}

/** Offers to sign instead. It comes first when codes cannot complete the change. */
function SignCard({ t, language, csrf, pending, needed, eds, byPhone }: ConfirmPageProps) {
  return (
    <Card id="eds" heading={t.eds.signTitle}>
      <p>{t.eds.signHelp}</p>
      <EdsSign
        t={t}
        language={language}
        csrf={csrf}
        action={paths.confirmChange}
        challenge={paths.confirmChangeChallenge}
        formId={pending.formId}
        label={t.eds.sign}
        again={eds?.again}
        secondary={needed.choices.length > 0}
      />
      <EdsHelp t={t} />
      {byPhone && (
        <Form id="phone-form" action={paths.confirmByPhone} csrf={csrf}>
          <h3>{t.phone.sign.title}</h3>
          <p>{t.phone.sign.help}</p>
          <Button kind="secondary">{t.phone.sign.submit}</Button>
        </Form>
      )}
    </Card>
  );
}

function ConfirmForm(props: ConfirmPageProps) {
  const { t, csrf, pending, needed } = props;
  const isStuck = needed.choices.length === 0;
  return (
    <Form
      action={paths.confirmChange}
      csrf={csrf}
      hidden={{ page: paths.confirmChange, formId: pending.formId }}
    >
      {!isStuck && <ProofSteps {...props} />}
      {isStuck && !pending.byEds && (
        <Alert kind="warning" title={t.confirm.stuck}>
          <p>{t.confirm.stuckHelp}</p>
        </Alert>
      )}
      <ButtonRow stacked>
        {!isStuck && <Button>{t.confirm.submit}</Button>}
        <Button name="action" value="fix" kind="tertiary">
          {t.confirm.fix}
        </Button>
        <Button name="action" value="cancel" kind="tertiary">
          {t.confirm.cancel}
        </Button>
      </ButtonRow>
    </Form>
  );
}
