import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { RadioGroup } from '../../ui/radio-group.tsx';
import type { CodeReason } from '../codes/consume.ts';
import type { CodeFormReason } from '../codes/typed-code.ts';
import type { Channel } from '../notices/channel.ts';
import { showValue } from '../requisites/fields/fields.ts';
import { type CodeField, newCodeField } from './code-fields.ts';
import { maskContact } from './contact.ts';
import type { ContactProof, NeededProofs, PendingChange } from './pending-change.ts';

export type CodeFieldReason = CodeReason | CodeFormReason | 'codeEmpty' | 'viaMissing';

export type ConfirmErrors = ReadonlyMap<CodeField | 'via', CodeFieldReason>;

interface ProofsCardProps {
  readonly t: Texts;
  readonly pending: PendingChange;
  readonly needed: NeededProofs;
  readonly codeMinutes: number;
  readonly asked: ReadonlySet<ContactProof>;
  readonly errors: ConfirmErrors;
  readonly via?: string | undefined;
  readonly unavailable: readonly Channel[];
}

/** Shows a field for each missing code, and the choice of the confirming channel. */
export function ProofsCard(props: ProofsCardProps) {
  const { t, pending, needed } = props;
  return (
    <Card id="proofs" heading={t.confirm.proofs}>
      {!pending.newProved && needed.new && (
        <CodeInput
          {...props}
          id={newCodeField(needed.new.channel)}
          proof="new"
          channel={needed.new.channel}
          to={needed.new.channel === 'mobile' ? showValue('mobilePhone', needed.new.value) : needed.new.value}
        />
      )}
      {pending.newProved && <p>{t.confirm.newProved}</p>}
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
      {pending.currentProved && <p>{t.confirm.currentProved}</p>}
    </Card>
  );
}

interface CodeInputProps extends ProofsCardProps {
  readonly id: CodeField;
  readonly proof: ContactProof;
  readonly channel: Channel;
  /** Where the code was sent, as the page shows it. */
  readonly to: string;
}

function CodeInput({ t, id, proof, channel, to, codeMinutes, asked, errors, unavailable }: CodeInputProps) {
  // The page must not say "sent" while the channel's gateway is down.
  const sent = unavailable.includes(channel) ? t.confirm.waitsFor : t.confirm.sentTo;
  const reason = errors.get(id);
  return (
    <Field
      id={id}
      label={t.confirm[id]}
      description={asked.has(proof) ? fill(sent, { to, minutes: codeMinutes }) : undefined}
      value=""
      error={reason && t.reasons[reason]}
      inputmode="numeric"
      autocomplete="one-time-code"
      width="short"
    />
  );
}

function ViaChoice({ t, needed, errors, via }: ProofsCardProps) {
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
      <ButtonRow>
        <Button name="action" value="via" kind="secondary">
          {t.confirm.viaSend}
        </Button>
      </ButtonRow>
    </>
  );
}
