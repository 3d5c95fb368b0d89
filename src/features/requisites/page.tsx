import { paths, receiptPath } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { characterText } from '../../ui/character-text.ts';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { RestrictedAlert } from '../../ui/restricted-alert.tsx';
import type { Language } from '../../values/language.ts';
import type { Refusal } from '../../values/result.ts';
import { overcomesByEds } from '../contact-change/standing.ts';
import { AccountsBlock } from './accounts-block.tsx';
import { AddressBlock } from './address-block.tsx';
import type { AddressHelp } from './address-help.ts';
import type { FieldErrors, FormReason } from './check.ts';
import { DocumentBlock } from './document-block.tsx';
import { cannotSave } from './documents.ts';
import type { BlockProps } from './field-block.tsx';
import { type FieldName, fields } from './fields/fields.ts';
import { isTouched, type Typed } from './form.ts';
import { type FormAlert, FormMessage } from './form-alert.tsx';
import { PhonesBlock } from './phones-block.tsx';
import { ReadOnlyBlocks } from './read-only-blocks.tsx';
import type { RequisitesView } from './view.ts';

export interface RequisitesPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly view: RequisitesView;
  /** Whose requisites these are. */
  readonly who: { readonly name: string; readonly iin: string };
  readonly typed: Typed;
  readonly errors: FieldErrors;
  readonly help: AddressHelp;
  readonly message: FormAlert | undefined;
  /** The session only reads. */
  readonly restricted: boolean;
  /** Nothing can be saved now. */
  readonly onlyReads: boolean;
  /** Signed in by EDS, so any change may be signed. */
  readonly maySign: boolean;
}

/** The page of the memo: document, address, phones, and accounts with the e-mail. */
export function RequisitesPage(props: RequisitesPageProps) {
  const { t, language, csrf, view, typed, errors, help } = props;
  const isStopped = cannotSave(view);
  const errorOf = (name: FieldName | 'document') => errorText(t, language, errors.get(name));
  const form: BlockProps = { t, typed, errorOf };
  return (
    <>
      {!isStopped && <ErrorSummary title={t.requisites.errors} errors={errorList(t, language, errors)} />}
      <FormMessage
        t={t}
        language={language}
        csrf={csrf}
        stored={view.stored.values}
        message={props.message}
      />
      <PageHeading
        title={t.requisites.heading}
        lead={t.requisites.title}
        back={{ href: paths.services, label: t.layout.services }}
      />
      <FundBox t={t} view={view} />
      {isStopped && (
        <Alert kind="warning" title={t.requisites.documentNone}>
          <p>{t.requisites.documentNoneHelp}</p>
        </Alert>
      )}
      {props.restricted && <RestrictedAlert t={t} />}
      {props.onlyReads || props.restricted || isReadOnly(view, typed) ? (
        <ReadOnlyBlocks t={t} language={language} view={view} who={props.who} />
      ) : (
        <Form
          action={paths.requisites}
          csrf={csrf}
          hidden={{ page: paths.requisites, formId: typed.formId, revision: typed.revision }}
          guarded
          keepAction={paths.keepRequisites}
          typed={isTouched(view, typed)}
        >
          <DocumentBlock
            t={t}
            language={language}
            view={view}
            who={props.who}
            chosen={typed.document}
            error={errorOf('document')}
          />
          <AddressBlock form={form} kazpost={typed.kazpost} help={help} />
          <PhonesBlock form={form} />
          <AccountsBlock form={form} view={view} />
          <FormButtons {...props} isStopped={isStopped} />
        </Form>
      )}
    </>
  );
}

/**
 * Whether the page has no form: nothing could be saved. What was typed before that became known
 * stays in its fields.
 */
export function isReadOnly(view: RequisitesView, typed: Typed): boolean {
  return cannotSave(view) && !isTouched(view, typed);
}

/** Reasons that several fields share. The others name their field themselves. */
const isShared = /^(?:phone|contact)/;

/** All errors, in the order of the page. */
function errorList(t: Texts, language: Language, errors: FieldErrors) {
  const order: readonly (FieldName | 'document')[] = ['document', ...fields.map(({ name }) => name)];
  return order.flatMap((name) => {
    const error = errors.get(name);
    const text = errorText(t, language, error);
    if (error === undefined || text === undefined) return [];
    return [{ fieldId: name, text: isShared.test(error.reason) ? `${t.requisites[name]}: ${text}` : text }];
  });
}

/** The buttons: save, sign if that is possible, and cancel. */
function FormButtons({
  t,
  errors,
  maySign,
  isStopped,
}: RequisitesPageProps & { readonly isStopped: boolean }) {
  // Codes cannot confirm this change, but a signature could.
  const stopped = [...errors.values()].some(overcomesByEds);
  return (
    <>
      {stopped && (
        <Alert kind="info" title={t.eds.signInstead}>
          <p>{t.eds.signInsteadHelp}</p>
          <Button kind="secondary" name="proof" value="eds">
            {t.eds.signInstead}
          </Button>
        </Alert>
      )}
      {!isStopped && maySign && !stopped && (
        // Not in the row below: three buttons would cover too much of a phone's screen.
        <ButtonRow>
          <Button kind="secondary" name="proof" value="eds">
            {t.eds.signChoice}
          </Button>
        </ButtonRow>
      )}
      <ButtonRow sticky>
        {!isStopped && <Button>{t.requisites.save}</Button>}
        <Button kind="secondary" formAction={paths.cancelRequisites}>
          {t.requisites.cancel}
        </Button>
      </ButtonRow>
    </>
  );
}

/** Says what the fund cannot show now, and which change it refused. */
function FundBox({ t, view }: { t: Texts; view: RequisitesView }) {
  const { undelivered } = view;
  return (
    <>
      {!view.person && (
        <Alert kind="info" title={t.requisites.fundDown}>
          <p>{t.requisites.fundDownHelp}</p>
        </Alert>
      )}
      {undelivered && (
        <Alert kind="warning" title={t.requisites.undelivered}>
          <p>{t.receipt.refusals[undelivered.reason]}</p>
          <ButtonRow>
            <ButtonLink href={receiptPath(undelivered.number)}>{t.requisites.undeliveredReceipt}</ButtonLink>
          </ButtonRow>
        </Alert>
      )}
    </>
  );
}

function errorText(t: Texts, language: Language, error: Refusal<FormReason> | undefined): string | undefined {
  if (!error) return undefined;
  const isMoment = error.reason === 'contactWait' || error.reason === 'contactAfterRecovery';
  const detail = error.detail ?? '';
  return fill(t.reasons[error.reason], {
    detail: isMoment ? formatMoment(language, new Date(detail)) : characterText(t, detail),
  });
}
