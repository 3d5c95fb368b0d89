import { paths } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Compare } from '../../ui/compare.tsx';
import { Form } from '../../ui/form.tsx';
import type { Language } from '../../values/language.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { type FieldName, type Requisites, showIfPresent } from './fields/fields.ts';

/** The message above the form. */
export type FormAlert =
  | { readonly kind: 'unchanged' | 'search-limit' | 'form-reused' | 'draft-shown' | 'leave' | 'pending' }
  | { readonly kind: 'draft'; readonly until: Date }
  | {
      readonly kind: 'conflict';
      readonly entries: readonly ChangeEntry[];
      /** Fields that were changed elsewhere and not touched in this form. */
      readonly elsewhere: readonly FieldName[];
    };

interface FormMessageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  /** The values on file. */
  readonly stored: Requisites;
}

/** The message above the form, if there is one. */
export function FormMessage({
  message,
  ...props
}: FormMessageProps & { readonly message: FormAlert | undefined }) {
  const { t } = props;
  switch (message?.kind) {
    case undefined:
      return null;
    case 'unchanged':
      return (
        <Alert kind="info" title={t.requisites.nothingChanged} announced>
          <p>{t.requisites.nothingChangedHelp}</p>
        </Alert>
      );
    case 'search-limit':
      return <Alert kind="warning" title={t.requisites.searchLimit} announced />;
    case 'form-reused':
      return (
        <Alert kind="warning" title={t.requisites.formReused} announced>
          <p>{t.requisites.formReusedHelp}</p>
        </Alert>
      );
    case 'draft-shown':
      return <Alert kind="info" title={t.requisites.draftShown} announced />;
    case 'leave':
      return (
        <Alert kind="warning" title={t.requisites.leave} announced>
          <ButtonRow>
            <ButtonLink href="#page-form" kind="primary">
              {t.requisites.leaveNo}
            </ButtonLink>
            <ButtonLink href={paths.services}>{t.requisites.leaveYes}</ButtonLink>
          </ButtonRow>
        </Alert>
      );
    case 'pending':
      return <PendingAlert {...props} />;
    case 'draft':
      return <DraftAlert {...props} until={message.until} />;
    case 'conflict':
      return <ConflictAlert {...props} {...message} />;
  }
}

/** Says that a change of mobile or e-mail waits for its proofs. */
function PendingAlert({ t, csrf }: FormMessageProps) {
  return (
    <Alert kind="info" title={t.requisites.pending} announced>
      <p>{t.requisites.pendingHelp}</p>
      <Form id="pending-form" action={paths.confirmChange} csrf={csrf}>
        <ButtonRow>
          <ButtonLink href={paths.confirmChange} kind="primary">
            {t.requisites.pendingContinue}
          </ButtonLink>
          <Button name="action" value="cancel" kind="secondary">
            {t.requisites.pendingCancel}
          </Button>
        </ButtonRow>
      </Form>
    </Alert>
  );
}

/** Offers the draft of a form whose session had expired. */
function DraftAlert({ t, language, csrf, until }: FormMessageProps & { readonly until: Date }) {
  return (
    <Alert kind="info" title={t.requisites.draft} announced>
      <p>{fill(t.requisites.draftHelp, { until: formatMoment(language, until) })}</p>
      <Form id="draft-form" action={paths.requisitesDraft} csrf={csrf}>
        <ButtonRow>
          <Button name="action" value="show">
            {t.requisites.draftShow}
          </Button>
          <Button name="action" value="discard" kind="secondary">
            {t.requisites.draftDiscard}
          </Button>
        </ButtonRow>
      </Form>
    </Alert>
  );
}

/**
 * Shows the values on file beside what was typed, and names the fields that changed in the
 * meantime.
 */
function ConflictAlert({
  t,
  stored,
  entries,
  elsewhere,
}: FormMessageProps & Extract<FormAlert, { kind: 'conflict' }>) {
  return (
    <Alert kind="warning" title={t.requisites.conflict} announced>
      <p>{t.requisites.conflictHelp}</p>
      <Compare
        caption={t.requisites.conflict}
        words={{
          field: t.requisites.conflictField,
          before: t.requisites.conflictStored,
          after: t.requisites.conflictTyped,
          empty: t.receipt.empty,
        }}
        rows={[
          ...entries.map((entry) => ({
            field: t.requisites[entry.field],
            before: showIfPresent(entry.field, stored[entry.field]),
            after: showIfPresent(entry.field, entry.new),
          })),
          ...elsewhere.map((name) => ({
            field: t.requisites[name],
            before: showIfPresent(name, stored[name]),
            after: t.requisites.conflictUntouched,
          })),
        ]}
      />
    </Alert>
  );
}
