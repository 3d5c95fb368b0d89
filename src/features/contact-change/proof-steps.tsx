import { formatTime } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { RadioGroup } from '../../ui/radio-group.tsx';
import type { Language } from '../../values/language.ts';
import type { CodeReason } from '../codes/consume.ts';
import type { SentCode } from '../codes/store.ts';
import type { CodeFormReason } from '../codes/typed-code.ts';
import type { Channel } from '../notices/channel.ts';
import { showValue } from '../requisites/fields/fields.ts';
import { type CodeField, newCodeField } from './code-fields.ts';
import { maskContact, touchedChannels } from './contact.ts';
import {
  type ContactProof,
  type NeededProofs,
  openProofs,
  type PendingChange,
  resendActions,
} from './pending-change.ts';

export type CodeFieldReason = CodeReason | CodeFormReason | 'codeEmpty' | 'viaMissing';

export type ConfirmErrors = ReadonlyMap<CodeField | 'via', CodeFieldReason>;

interface ProofStepsProps {
  readonly t: Texts;
  readonly pending: PendingChange;
  readonly needed: NeededProofs;
  readonly language: Language;
  readonly asked: ReadonlyMap<ContactProof, SentCode>;
  readonly errors: ConfirmErrors;
  readonly via?: string | undefined;
  readonly unavailable: readonly Channel[];
}

/** The proofs as numbered steps: the new value, and a channel on file. */
export function ProofSteps(props: ProofStepsProps) {
  const { t, pending, needed } = props;
  const hasNew = needed.new !== undefined || pending.newProved;
  return (
    <>
      {hasNew && <NewStep {...props} />}
      <Card
        id="step-current"
        number={hasNew ? 2 : 1}
        done={pending.currentProved}
        heading={t.confirm.currentStep}
      >
        {pending.currentProved && <p>{t.confirm.currentProved}</p>}
        {!pending.currentProved && needed.choices.length > 1 && <ViaChoice {...props} />}
        {!pending.currentProved && needed.current && (
          <CodeInput
            {...props}
            id="currentCode"
            proof="current"
            channel={needed.current.channel}
            to={maskContact(needed.current)}
          />
        )}
      </Card>
    </>
  );
}

/** The first step: the code that was sent to the new number or address. */
function NewStep(props: ProofStepsProps) {
  const { t, pending, needed } = props;
  const isMobile = touchedChannels(pending.entries)[0] === 'mobile';
  return (
    <Card
      id="step-new"
      number={1}
      done={pending.newProved}
      heading={isMobile ? t.confirm.newMobileStep : t.confirm.newEmailStep}
    >
      {pending.newProved && <p>{isMobile ? t.confirm.newMobileProved : t.confirm.newEmailProved}</p>}
      {!pending.newProved && needed.new && (
        <CodeInput
          {...props}
          id={newCodeField(needed.new.channel)}
          proof="new"
          channel={needed.new.channel}
          to={needed.new.channel === 'mobile' ? showValue('mobilePhone', needed.new.value) : needed.new.value}
        />
      )}
    </Card>
  );
}

interface CodeInputProps extends ProofStepsProps {
  readonly id: CodeField;
  readonly proof: ContactProof;
  readonly channel: Channel;
  /** Where the code was sent, as the page shows it. */
  readonly to: string;
}

function CodeInput(props: CodeInputProps) {
  const { t, id, proof, errors, pending, needed } = props;
  const reason = errors.get(id);
  // Two buttons on one page need two names.
  const isSecond = openProofs(pending, needed).indexOf(proof) === 1;
  return (
    <>
      <Field
        id={id}
        label={t.confirm[id]}
        description={codeText(props)}
        value=""
        error={reason && t.reasons[reason]}
        inputmode="numeric"
        autocomplete="one-time-code"
        width="code"
      />
      <p>
        <Button name="action" value={resendActions[proof]} kind="tertiary">
          {isSecond ? t.confirm.resendSecond : t.confirm.resend}
        </Button>
      </p>
    </>
  );
}

/** Where the code was sent and until when it is valid, or that this is over. */
function codeText({ t, language, proof, channel, to, asked, unavailable }: CodeInputProps) {
  const code = asked.get(proof);
  if (!code) return undefined;
  if (!code.isLive) return t.confirm.codeGone;
  // The page must not say "sent" while the channel's gateway is down.
  const sent = unavailable.includes(channel) ? t.confirm.waitsFor : t.confirm.sentTo;
  return fill(sent, { to, until: formatTime(language, code.until) });
}

function ViaChoice({ t, needed, errors, via }: ProofStepsProps) {
  const reason = errors.get('via');
  return (
    <>
      <RadioGroup
        id="via"
        legend={t.confirm.via}
        value={via ?? needed.current?.channel}
        error={reason && t.reasons[reason]}
        options={needed.choices.map((choice) => ({
          value: choice.channel,
          label: choice.channel === 'mobile' ? t.confirm.viaMobile : t.confirm.viaEmail,
          description: maskContact(choice),
        }))}
      />
      <Button name="action" value="via" kind="secondary">
        {t.confirm.viaSend}
      </Button>
    </>
  );
}
