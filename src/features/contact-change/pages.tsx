import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Compare, compareWords } from '../../ui/compare.tsx';
import { EdsHelp, EdsSign, type EdsSignProps } from '../../ui/eds-sign.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { RadioGroup } from '../../ui/radio-group.tsx';
import type { CodeFormReason } from '../codes/typed-code.ts';
import type { ShownReason } from '../eds/reasons.ts';
import type { Channel } from '../notices/channel.ts';
import { showValue } from '../requisites/fields/fields.ts';
import { maskContact, type NeededProofs, touchedChannels } from './contact.ts';
import type { PendingChange, ProofKind } from './ports.ts';

/** The fields of the confirmation by the proof each carries. */
export type CodeField = 'currentCode' | 'newMobileCode' | 'newEmailCode';

export type CodeFieldReason = 'codeWrong' | 'codeOver' | 'codeEmpty' | 'viaMissing' | CodeFormReason;

export interface ConfirmPageProps {
  readonly t: Texts;
  readonly language: string;
  readonly csrf: string;
  readonly pending: PendingChange;
  readonly needed: NeededProofs;
  /** How long a code lives. */
  readonly codeMinutes: number;
  /** The proofs for which a code was sent. */
  readonly asked: ReadonlySet<ProofKind>;
  readonly errors: ReadonlyMap<CodeField | 'via', CodeFieldReason>;
  /** What just happened, beside errors of fields. */
  readonly message?: 'codeLimit' | 'codeSent' | 'proofGone' | undefined;
  /** The channel on file that was chosen on this page, sent or not. */
  readonly via?: string | undefined;
  /** Why a signature was not taken. */
  readonly eds?:
    | {
        readonly reason: ShownReason;
        readonly since: string | undefined;
        readonly again: EdsSignProps['again'];
      }
    | undefined;
  /** Channels whose gateway is down now. */
  readonly unavailable: readonly ('mobile' | 'email')[];
}

/** Old beside new, and the proofs still needed. */
export function ConfirmPage(props: ConfirmPageProps) {
  const { t, csrf, pending, needed, asked, errors, unavailable } = props;
  const newField: CodeField | undefined =
    needed.new && (needed.new.channel === 'mobile' ? 'newMobileCode' : 'newEmailCode');
  const askNew = newField !== undefined && !pending.newProved;
  const askCurrent = needed.current !== undefined && !pending.currentProved;
  const chooseVia = needed.choices.length > 1;
  const stuck = needed.choices.length === 0;
  const errorOf = (field: CodeField | 'via') => {
    const reason = errors.get(field);
    return reason && t.reasons[reason];
  };
  const order = ['newMobileCode', 'newEmailCode', 'via', 'currentCode'] as const;
  // A code that is needed and was never sent was held back by a limit.
  const held = (askNew && !asked.has('new')) || (askCurrent && !asked.has('current'));
  const message =
    props.message ?? (stuck ? undefined : pending.lapsed ? 'proofGone' : held ? 'codeLimit' : undefined);
  const down = [needed.new, needed.current].filter(
    (target) => target && unavailable.includes(target.channel),
  );
  /** Nothing counts as sent while its gateway is down. */
  const sentTo = (channel: Channel) =>
    unavailable.includes(channel) ? t.confirm.waitsFor : t.confirm.sentTo;
  const signing = (
    <Card id="eds" heading={t.eds.signTitle}>
      <p>{t.eds.signHelp}</p>
      <EdsSign
        t={t}
        language={props.language}
        csrf={csrf}
        action="/services/requisites/confirm"
        challenge="/services/requisites/confirm/challenge"
        formId={pending.formId}
        label={t.eds.sign}
        again={props.eds?.again}
      />
      <EdsHelp t={t} />
    </Card>
  );
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={order.flatMap((field) => {
          const text = errorOf(field);
          return text === undefined ? [] : [{ fieldId: field, text }];
        })}
      />
      {message && !(down.length > 0 && message === 'codeSent') && (
        <Alert kind={message === 'codeSent' ? 'success' : 'warning'} title={t.confirm[message]} announced />
      )}
      {props.eds && (
        <Alert kind="danger" title={t.eds.refused} announced>
          <p>{fill(t.eds.reasons[props.eds.reason], { since: props.eds.since ?? '' })}</p>
        </Alert>
      )}
      {down.length > 0 && (
        <Alert kind="warning" title={t.confirm.gatewayDown}>
          <p>{t.confirm.gatewayDownHelp}</p>
        </Alert>
      )}
      <PageHeading
        title={t.confirm.title}
        lead={touchedChannels(pending.entries).length > 0 ? t.confirm.lead : t.eds.signLead}
        trail={{
          label: t.layout.services,
          links: [{ href: '/services/requisites', label: t.requisites.title }],
        }}
      />
      <Card id="changes" heading={t.receipt.changes}>
        <Compare
          caption={t.receipt.changes}
          words={compareWords(t)}
          rows={pending.entries.map((entry) => ({
            field: t.requisites[entry.field],
            before: entry.old === null ? null : showValue(entry.field, entry.old),
            after: entry.new === null ? null : showValue(entry.field, entry.new),
          }))}
        />
        <p>{t.confirm.oldStays}</p>
      </Card>
      {stuck && signing}
      <Form
        action="/services/requisites/confirm"
        csrf={csrf}
        hidden={{ page: '/services/requisites/confirm', formId: pending.formId }}
      >
        {stuck ? (
          !pending.byEds && (
            <Alert kind="warning" title={t.confirm.stuck}>
              <p>{t.confirm.stuckHelp}</p>
            </Alert>
          )
        ) : (
          <Card id="proofs" heading={t.confirm.proofs}>
            {askNew && needed.new && newField && (
              <Field
                id={newField}
                label={t.confirm[newField]}
                description={
                  asked.has('new')
                    ? fill(sentTo(needed.new.channel), {
                        to:
                          needed.new.channel === 'mobile'
                            ? showValue('mobilePhone', needed.new.value)
                            : needed.new.value,
                        minutes: props.codeMinutes,
                      })
                    : undefined
                }
                value=""
                error={errorOf(newField)}
                inputmode="numeric"
                autocomplete="one-time-code"
                width="short"
              />
            )}
            {pending.newProved && <p>{t.confirm.newProved}</p>}
            {chooseVia && !pending.currentProved && (
              <>
                <RadioGroup
                  id="via"
                  legend={t.confirm.via}
                  value={props.via ?? needed.current?.channel}
                  error={errorOf('via')}
                  options={needed.choices.map((choice) => ({
                    value: choice.channel,
                    label: choice.channel === 'mobile' ? t.confirm.viaMobile : t.confirm.viaEmail,
                    description: maskContact(choice),
                  }))}
                />
                <ButtonRow>
                  <Button name="action" value="via" kind="secondary">
                    {t.confirm.viaSend}
                  </Button>
                </ButtonRow>
              </>
            )}
            {askCurrent && needed.current && (
              <Field
                id="currentCode"
                label={t.confirm.currentCode}
                description={
                  asked.has('current')
                    ? fill(sentTo(needed.current.channel), {
                        to: maskContact(needed.current),
                        minutes: props.codeMinutes,
                      })
                    : undefined
                }
                value=""
                error={errorOf('currentCode')}
                inputmode="numeric"
                autocomplete="one-time-code"
                width="short"
              />
            )}
            {pending.currentProved && <p>{t.confirm.currentProved}</p>}
          </Card>
        )}
        <ButtonRow sticky>
          {!stuck && <Button>{t.confirm.submit}</Button>}
          {(askNew || askCurrent) && !stuck && (
            <Button name="action" value="resend" kind="secondary">
              {t.confirm.resend}
            </Button>
          )}
          <Button name="action" value="fix" kind="secondary">
            {t.confirm.fix}
          </Button>
          <Button name="action" value="cancel" kind="tertiary">
            {t.confirm.cancel}
          </Button>
        </ButtonRow>
      </Form>
      {!stuck && signing}
      <Card id="other-ways" heading={t.confirm.otherWays}>
        <p>{t.confirm.otherWaysText}</p>
        <ButtonLink href="/services/requisites">{t.receipt.back}</ButtonLink>
      </Card>
    </>
  );
}
