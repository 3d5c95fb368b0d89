import { paths } from '../../paths.ts';
import { formatDay } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { Language } from '../../values/language.ts';
import type { WrittenMessage } from './compare-message.ts';

export interface ComparePageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  /** What was typed. */
  readonly letters: string;
  /** What is wrong with it, in words. */
  readonly error?: string | undefined;
  /** Why nothing is shown now, in words. */
  readonly trouble?: string | undefined;
  /** What the service wrote; empty when no message has the letters, undefined before a question. */
  readonly messages?: readonly WrittenMessage[] | undefined;
}

/** Takes the six letters of a message and shows what the service wrote with them. */
export function ComparePage({ t, language, csrf, letters, error, trouble, messages }: ComparePageProps) {
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={[
          ...(error === undefined ? [] : [{ fieldId: 'letters', text: error }]),
          ...(trouble === undefined ? [] : [{ fieldId: undefined, text: trouble }]),
        ]}
      />
      <PageHeading
        title={t.letters.title}
        lead={t.letters.lead}
        back={{ href: paths.help, label: t.help.all }}
      />
      <div class="stack">
        <Form action={paths.compareMessage} csrf={csrf} hidden={{ page: paths.compareMessage }}>
          <Field
            id="letters"
            label={t.letters.field}
            description={t.letters.hint}
            value={letters}
            width="code"
            error={error}
          />
          <ButtonRow>
            <Button>{t.letters.submit}</Button>
          </ButtonRow>
        </Form>
        {messages !== undefined &&
          (messages.length === 0 ? <Unknown t={t} /> : <Found {...{ t, language, messages }} />)}
        <NoticeLine>{t.messages.email.neverByPhone}</NoticeLine>
        <HelpLink t={t} topic="not-me" />
      </div>
    </>
  );
}

function Unknown({ t }: { readonly t: Texts }) {
  return (
    <Alert kind="warning" title={t.letters.unknown} announced>
      <p>{t.letters.unknownText}</p>
      <p>{t.letters.unknownTypo}</p>
      <p>{t.letters.unknownStop}</p>
    </Alert>
  );
}

function Found({
  t,
  language,
  messages,
}: Pick<ComparePageProps, 't' | 'language'> & { readonly messages: readonly WrittenMessage[] }) {
  return (
    <>
      <Alert kind="info" title={t.letters.compare} announced>
        {messages.length > 1 && <p>{fill(t.letters.several, { count: messages.length })}</p>}
        <p>{t.letters.same}</p>
        <p>{t.letters.masked}</p>
        <p>{t.letters.copied}</p>
      </Alert>
      {messages.map(({ channel, recipient, day, ...message }, index) => (
        <Card
          key={index}
          id={`message-${index + 1}`}
          heading={fill(channel === 'mobile' ? t.letters.mobile : t.letters.email, { end: recipient })}
        >
          <p>{fill(t.letters.day, { day: formatDay(language, day) })}</p>
          <blockquote class="stack" lang={message.language}>
            {message.subject !== null && (
              <p>
                <b>{message.subject}</b>
              </p>
            )}
            {message.body.split('\n\n').map((paragraph) => (
              <p key={paragraph}>
                {paragraph.split('\n').map((line, place) => [place > 0 && <br key={line} />, line])}
              </p>
            ))}
          </blockquote>
        </Card>
      ))}
    </>
  );
}
