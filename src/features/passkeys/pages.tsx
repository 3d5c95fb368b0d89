import { paths } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasskeyAsk } from '../../ui/passkey-ask.tsx';
import { PasswordShort } from '../../ui/password-short.tsx';
import type { Language } from '../../values/language.ts';
import type { AddPasskeyReason } from './add-passkey.ts';
import type { PasskeySite } from './site.ts';
import type { Passkey } from './store.ts';

export interface PasskeysPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  /** The first one added first. */
  readonly passkeys: readonly Passkey[];
  /** The holder has fewer than the most. */
  readonly canAdd: boolean;
  readonly where: PasskeySite;
  /** This browser and system: the name of a new passkey, unless another is typed. */
  readonly device: string;
  /** Hours for which a passkey that is added now does not help to change contacts. */
  readonly waitHours: number | undefined;
  readonly done?: 'added' | 'renamed' | 'removed' | undefined;
  readonly refusal?: AddPasskeyReason | undefined;
  /** The last strong step cannot go, because the password is too short without it. */
  readonly passwordShort: boolean;
}

/** The passkeys of a holder, and how to add one. */
export function PasskeysPage(props: PasskeysPageProps) {
  const { t, passkeys, canAdd, done, refusal } = props;
  return (
    <>
      {done && <Alert kind="success" title={t.passkeys[done]} announced />}
      {refusal && (
        <Alert kind="danger" title={t.passkeys.notAdded} announced>
          <p>{refusalText(t, refusal)}</p>
        </Alert>
      )}
      {props.passwordShort && <PasswordShort t={t} />}
      <PageHeading
        title={t.passkeys.title}
        lead={t.passkey.what}
        back={{ href: paths.security, label: t.security.title }}
      />
      {passkeys.length === 0 && <p>{t.passkeys.none}</p>}
      {passkeys.map((passkey, index) => (
        <OnePasskey key={index} {...props} passkey={passkey} number={index + 1} />
      ))}
      {canAdd ? <Add {...props} /> : <p>{t.passkeys.tooMany}</p>}
    </>
  );
}

function refusalText(t: Texts, reason: AddPasskeyReason): string {
  if (reason === 'known') return t.passkey.states.already.text;
  return reason === 'tooMany' ? t.passkeys.tooMany : t.passkey.reasons[reason];
}

/** A passkey with its history, and the forms that name and remove it. */
function OnePasskey({
  t,
  language,
  csrf,
  passkey: { credentialId, name, createdAt, usedAt },
  number,
}: PasskeysPageProps & { readonly passkey: Passkey; readonly number: number }) {
  const hidden = { passkey: credentialId.toString('base64url') };
  return (
    <Card id={`passkey-${number}`} heading={name}>
      <Facts
        long
        facts={[
          { term: t.passkeys.addedAt, value: formatMoment(language, createdAt) },
          {
            term: t.passkeys.usedAt,
            value: usedAt === null ? t.passkeys.notUsed : formatMoment(language, usedAt),
          },
        ]}
      />
      <Form id={`rename-${number}`} action={paths.renamePasskey} csrf={csrf} hidden={hidden}>
        <Field id={`name-${number}`} name="name" label={fill(t.passkeys.nameOf, { name })} value={name} />
        <ButtonRow>
          <Button kind="secondary">{fill(t.passkeys.rename, { name })}</Button>
        </ButtonRow>
      </Form>
      <Form id={`remove-${number}`} action={paths.removePasskey} csrf={csrf} hidden={hidden}>
        <ButtonRow>
          <Button kind="tertiary">{fill(t.passkeys.remove, { name })}</Button>
        </ButtonRow>
      </Form>
    </Card>
  );
}

function Add({ t, csrf, where, device, waitHours }: PasskeysPageProps) {
  return (
    <Card id="add" heading={t.passkeys.addTitle}>
      <p>{t.passkeys.effect}</p>
      {waitHours !== undefined && <p>{fill(t.passkeys.wait, { hours: String(waitHours) })}</p>}
      <PasskeyAsk
        t={t}
        csrf={csrf}
        action={paths.addPasskey}
        challenge={paths.passkeyChallenge}
        where={where}
        label={t.passkeys.add}
        creates
      >
        <Field id="name" label={t.passkeys.name} description={t.passkeys.nameHint} value={device} />
      </PasskeyAsk>
    </Card>
  );
}
