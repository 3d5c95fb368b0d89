import { accountRequestPaths } from '../../paths.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Columns } from '../../ui/columns.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { type AccountRequestPageProps, AdmissionNotice, stepOf, Work, wordsOf } from './admission-notice.tsx';
import type { TypedCodeReason } from './try-code.ts';

export interface CodePageProps extends AccountRequestPageProps {
  /** Minutes for which a code is valid. */
  readonly codeMinutes: number;
  readonly error?: TypedCodeReason | 'codeEmpty' | undefined;
  readonly message?: 'resent' | undefined;
  readonly codesPerQuarterHour: number;
}

/** Asks for the code. The page is the same for everybody, whether a code was sent or not. */
export function CodePage(props: CodePageProps) {
  const { t, kind, csrf, message } = props;
  const words = wordsOf(t, kind);
  const error = props.error && t.reasons[props.error];
  const { start, confirm } = accountRequestPaths(kind);
  // The page does not show which channel was typed, so it says "sent" of neither.
  const late = props.down.length > 0;
  const isOver = props.error === 'codeExpired' || props.error === 'codeTries';
  const valid = isOver ? '' : fill(t.accountRequest.codeValid, { minutes: props.codeMinutes });
  return (
    <>
      <ErrorSummary
        title={t.requisites.errors}
        errors={error === undefined ? [] : [{ fieldId: 'code', text: error }]}
      />
      <AdmissionNotice {...props} />
      {message && !late && <Alert kind="success" title={t.accountRequest[message]} announced />}
      <PageHeading
        step={stepOf(t, 2)}
        title={words.title}
        lead={late ? t.accountRequest.codeLeadLate : `${t.accountRequest.codeLead} ${valid}`.trim()}
      />
      <Columns split="wide-first">
        <div class="card">
          <Form action={confirm} csrf={csrf} hidden={{ page: confirm }}>
            <Field
              id="code"
              label={t.accountRequest.code}
              description={t.accountRequest.codeHint}
              value=""
              error={error}
              autocomplete="one-time-code"
              width="code"
            />
            <Work {...props} />
            <ButtonRow stacked>
              <Button>{t.accountRequest.confirm}</Button>
              <Button name="action" value="resend" kind="secondary">
                {t.accountRequest.resend}
              </Button>
              <ButtonLink kind="tertiary" href={`${start}?again=1`}>
                {t.accountRequest.fix}
              </ButtonLink>
            </ButtonRow>
          </Form>
        </div>
        <Card id="help" heading={t.accountRequest.nothing}>
          <p>{t.accountRequest.nothingWait}</p>
          <p>{fill(t.accountRequest.nothingCheck, { count: props.codesPerQuarterHour })}</p>
          <p>{words.nothingKnown}</p>
          <p>{t.accountRequest.notOnFile}</p>
          <p>{t.accountRequest.never}</p>
        </Card>
      </Columns>
    </>
  );
}
