import { accountRequestPaths, paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { characterText } from '../../ui/character-text.ts';
import { Columns } from '../../ui/columns.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { IinReason } from '../../values/iin.ts';
import { type AccountRequestPageProps, AdmissionNotice, stepOf, Work, wordsOf } from './admission-notice.tsx';
import type { TypedContactReason } from './typed-contact.ts';

/** Why a field was refused: a key of the texts, and what fills its placeholder. */
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

/** Asks for the IIN and for a contact on file with the fund. */
export function AskPage(props: AskPageProps) {
  const { t, kind, csrf, iinError, contactError } = props;
  const words = wordsOf(t, kind);
  const { start } = accountRequestPaths(kind);
  const iinText = iinError && (iinError.reason === 'empty' ? t.signIn.iinEmpty : t.reasons[iinError.reason]);
  const contactText = contactErrorText(t, contactError);
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(iinText === undefined ? [] : [{ fieldId: 'iin', text: iinText }]),
          ...(contactText === undefined ? [] : [{ fieldId: 'contact', text: contactText }]),
        ]}
      />
      <AdmissionNotice {...props} />
      <PageHeading step={stepOf(t, 1)} title={words.title} lead={words.lead} />
      <Columns split="wide-first">
        <div class="card">
          <Form action={start} csrf={csrf} hidden={{ page: start }}>
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
              label={t.accountRequest.contact}
              description={t.accountRequest.contactHint}
              value={props.contact}
              error={contactText}
            />
            <Work {...props} />
            <ButtonRow stacked>
              <Button>{t.accountRequest.submit}</Button>
              <ButtonLink kind="tertiary" href={paths.signIn}>
                {t.accountRequest.back}
              </ButtonLink>
            </ButtonRow>
          </Form>
        </div>
        <Card id="help" heading={t.accountRequest.needed}>
          <ul>
            <li>{t.accountRequest.neededIin}</li>
            <li>{t.accountRequest.neededContact}</li>
          </ul>
          <p>{words.nothingKnown}</p>
          <p>{t.accountRequest.notOnFile}</p>
          <HelpLink t={t} topic={kind === 'register' ? 'first-time' : 'forgotten-password'} />
          <HelpLink t={t} topic="old-number" />
        </Card>
      </Columns>
    </>
  );
}

function contactErrorText(t: Texts, error: AskPageProps['contactError']): string | undefined {
  if (error === undefined) return undefined;
  if (error.reason === 'empty') return t.accountRequest.contactEmpty;
  return fill(t.reasons[error.reason], { detail: characterText(t, error.detail ?? '') });
}
