import type { IdentityDocument } from '../../fund/port.ts';
import { formatDate, formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { characterText } from '../../ui/character-text.ts';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Columns } from '../../ui/columns.tsx';
import { Compare } from '../../ui/compare.tsx';
import { ErrorSummary } from '../../ui/error-summary.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Field } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { LinkList } from '../../ui/link-list.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { RadioGroup } from '../../ui/radio-group.tsx';
import { Table } from '../../ui/table.tsx';
import { displayed } from '../../values/displayed.ts';
import type { Language } from '../../values/language.ts';
import type { Refusal } from '../../values/result.ts';
import type { ChangeEntry, SavedChange } from '../changes/change.ts';
import { overcomesByEds } from '../contact-change/contact.ts';
import { type FieldName, fields, showValue } from './fields/fields.ts';
import {
  type AddressHelp,
  type FieldErrors,
  type FormReason,
  isTouched,
  needsDocument,
  otherDocuments,
  type RequisitesView,
  type Typed,
} from './requisites.ts';

/** What the page tells above the form. */
export type FormAlert =
  | { readonly kind: 'unchanged' | 'search-limit' | 'form-reused' | 'draft-shown' | 'leave' | 'pending' }
  | { readonly kind: 'draft'; readonly until: Date }
  | {
      readonly kind: 'conflict';
      readonly entries: readonly ChangeEntry[];
      /** Changed meanwhile, and not touched in this form. */
      readonly elsewhere: readonly FieldName[];
    };

/** Where the search without a script is sent, and where on the page its answer stands. */
export const addressSearch = '/services/requisites/addresses';
const addressAnswer = `${addressSearch}#address-block`;

export interface RequisitesPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly csrf: string;
  readonly view: RequisitesView;
  readonly typed: Typed;
  readonly errors: FieldErrors;
  readonly help: AddressHelp;
  readonly message: FormAlert | undefined;
  /** Signed in by EDS: any change may be signed, by choice. */
  readonly maySign: boolean;
}

/** The memo's page: document, address, phones, accounts with the e-mail. */
export function RequisitesPage(props: RequisitesPageProps) {
  const { t, language, csrf, view, typed, errors, help } = props;
  const cannotSave = needsDocument(view) && view.validDocuments.length === 0;
  // Codes are refused, a signature would not be.
  const stopped = [...errors.values()].some(overcomesByEds);
  const text = (name: FieldName | 'document') => errorText(t, language, errors.get(name));
  const order: readonly (FieldName | 'document')[] = ['document', ...fields.map(({ name }) => name)];
  const summary = order.flatMap((name) => {
    const error = text(name);
    return error === undefined ? [] : [{ fieldId: name, text: `${t.requisites[name]}: ${error}` }];
  });
  const field = (name: FieldName) => ({
    id: name,
    label: t.requisites[name],
    value: typed[name],
    error: text(name),
  });

  return (
    <>
      {!cannotSave && <ErrorSummary title={t.requisites.errors} errors={summary} />}
      <MessageBox {...props} />
      <PageHeading
        title={t.requisites.title}
        trail={{
          label: t.layout.services,
          links: [
            { href: '/services', label: t.layout.services },
            { href: '/services#details-section', label: t.services.sectionTitle },
          ],
        }}
      />
      <FundBox t={t} view={view} />
      {cannotSave && (
        <Alert kind="warning" title={t.requisites.documentNone}>
          <p>{t.requisites.documentNoneHelp}</p>
        </Alert>
      )}
      <Form
        action="/services/requisites"
        csrf={csrf}
        hidden={{ page: '/services/requisites', formId: typed.formId, revision: typed.revision }}
        unsavedText={t.requisites.leave}
        keepAction="/services/requisites/keep"
        typed={isTouched(view, typed)}
      >
        <Card id="document-block" heading={t.requisites.document} number={1}>
          <DocumentBlock t={t} view={view} chosen={typed.document} error={text('document')} />
          <NoticeLine>{t.requisites.asOf}</NoticeLine>
          {view.asOf && (
            <NoticeLine>
              {fill(t.requisites.asOfCopy, { time: formatMoment(language, view.asOf) })}
            </NoticeLine>
          )}
        </Card>
        <Card id="address-block" heading={t.requisites.address} number={2}>
          <Checkbox id="kazpost" label={t.requisites.kazpost} checked={typed.kazpost} look="switch" />
          <Field
            {...field('address')}
            description={t.requisites.addressHint}
            autocomplete="street-address"
            suggest={{
              from: '/api/addresses',
              postcodeField: 'postcode',
              compareFrom: '/api/postcode',
              words: {
                one: t.requisites.offeredOne,
                many: t.requisites.offeredMany,
                of: t.requisites.offeredOf,
                none: t.requisites.nothingFound,
                degraded: t.requisites.kazpostDown,
                elsewhere: t.requisites.postcodeElsewhere,
              },
            }}
          />
          <OfferedAddresses t={t} help={help} />
          <Columns split="fit">
            <Field {...field('apartment')} width="short" />
            <Field
              {...field('postcode')}
              description={t.requisites.postcodeHint}
              hint={help.elsewhere ? t.requisites.postcodeElsewhere : ''}
              width="short"
              autocomplete="postal-code"
            />
          </Columns>
        </Card>
        <Card id="phones-block" heading={t.requisites.phones} number={3}>
          <Columns>
            <Field
              {...field('homePhone')}
              description={t.requisites.landlineHint}
              type="tel"
              inputmode="tel"
              autocomplete="home tel"
            />
            <Field
              {...field('contactPhone')}
              description={t.requisites.contactPhoneHint}
              type="tel"
              autocomplete="work tel"
            />
            <Field
              {...field('mobilePhone')}
              description={t.requisites.phoneHint}
              type="tel"
              inputmode="tel"
              autocomplete="mobile tel"
            />
          </Columns>
          <NoticeLine>{t.requisites.mobileNotice}</NoticeLine>
        </Card>
        <Card id="accounts-block" heading={t.requisites.accounts} number={4}>
          <AccountsBlock t={t} view={view} />
          <Field {...field('email')} type="email" inputmode="email" autocomplete="email" />
          <NoticeLine>{t.requisites.emailNotice}</NoticeLine>
        </Card>
        {stopped && (
          <Alert kind="info" title={t.eds.signInstead}>
            <p>{t.eds.signInsteadHelp}</p>
            <Button kind="secondary" name="proof" value="eds">
              {t.eds.signInstead}
            </Button>
          </Alert>
        )}
        <ButtonRow sticky>
          {!cannotSave && <Button>{t.requisites.save}</Button>}
          {!cannotSave && props.maySign && !stopped && (
            <Button kind="secondary" name="proof" value="eds">
              {t.eds.signChoice}
            </Button>
          )}
          <Button kind="secondary" formAction="/services/requisites/cancel">
            {t.requisites.cancel}
          </Button>
        </ButtonRow>
      </Form>
    </>
  );
}

/** What the fund cannot say now, and what it did not take. */
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
            <ButtonLink href={`/receipts/${undelivered.number}`}>
              {t.requisites.undeliveredReceipt}
            </ButtonLink>
          </ButtonRow>
        </Alert>
      )}
    </>
  );
}

/** The open accounts, as the fund has them. */
function AccountsBlock({ t, view: { person } }: { t: Texts; view: RequisitesView }) {
  if (!person) return <p>{t.requisites.fundDown}</p>;
  if (person.accounts.length === 0) return <p>{t.requisites.accountsNone}</p>;
  return (
    <Table
      caption={t.requisites.accountsLead}
      columns={[t.requisites.accountName, t.requisites.accountNumber, t.requisites.accountNotification]}
      rows={person.accounts.map(({ kind, number, notification }) => [
        <abbr key={kind} title={t.accountKindNames[kind]}>
          {t.accountKinds[kind]}
        </abbr>,
        displayed(number),
        notification === null ? t.requisites.notSpecified : t.notifications[notification],
      ])}
    />
  );
}

/** Without a script: a button that searches, and what it found as buttons. The script hides it and offers a list. */
function OfferedAddresses({ t, help }: { t: Texts; help: AddressHelp }) {
  return (
    <div id="address-search" data-without-script>
      {help.switchedOff && <p role="status">{t.requisites.kazpostOff}</p>}
      {help.degraded && <p role="status">{t.requisites.kazpostDown}</p>}
      {help.offered?.length === 0 && <p role="status">{t.requisites.nothingFound}</p>}
      {help.offered && help.offered.length > 0 && (
        <ul class="offered">
          {help.offered.map(({ text, postcode }) => (
            <li key={text}>
              <Button
                kind="tertiary"
                name="choose"
                value={`${postcode ?? ''} ${text}`}
                formAction={addressAnswer}
              >
                {postcode === null ? text : `${text}, ${postcode}`}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Button kind="secondary" formAction={addressAnswer}>
        {t.requisites.addressSearch}
      </Button>
    </div>
  );
}

function MessageBox({ t, language, csrf, view, message }: RequisitesPageProps) {
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
          <ButtonLink href="/services">{t.requisites.leaveYes}</ButtonLink>
        </Alert>
      );
    case 'pending':
      return (
        <Alert kind="info" title={t.requisites.pending} announced>
          <p>{t.requisites.pendingHelp}</p>
          <Form id="pending-form" action="/services/requisites/confirm" csrf={csrf}>
            <ButtonRow>
              <ButtonLink href="/services/requisites/confirm" kind="primary">
                {t.requisites.pendingContinue}
              </ButtonLink>
              <Button name="action" value="cancel" kind="secondary">
                {t.requisites.pendingCancel}
              </Button>
            </ButtonRow>
          </Form>
        </Alert>
      );
    case 'draft':
      return (
        <Alert kind="info" title={t.requisites.draft} announced>
          <p>{fill(t.requisites.draftHelp, { until: formatMoment(language, message.until) })}</p>
          <Form id="draft-form" action="/services/requisites/draft" csrf={csrf}>
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
    case 'conflict':
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
              ...message.entries.map((entry) => ({
                field: t.requisites[entry.field],
                before: shown(entry.field, view.stored.values[entry.field]),
                after: shown(entry.field, entry.new),
              })),
              ...message.elsewhere.map((name) => ({
                field: t.requisites[name],
                before: shown(name, view.stored.values[name]),
                after: t.requisites.conflictUntouched,
              })),
            ]}
          />
        </Alert>
      );
  }
}

interface DocumentBlockProps {
  readonly t: Texts;
  readonly view: RequisitesView;
  readonly chosen: string;
  readonly error: string | undefined;
}

/** A choice only where several documents are valid; with none valid, what is on file is shown and marked. */
function DocumentBlock({ t, view, chosen, error }: DocumentBlockProps) {
  const [only, ...others] = view.validDocuments;
  if (others.length > 0) {
    return (
      <>
        <RadioGroup
          id="document"
          legend={t.requisites.documentChoose}
          description={t.requisites.documentChooseHint}
          value={chosen}
          error={error}
          options={view.validDocuments.map((document) => ({
            value: document.id,
            label: documentName(t, document),
            description: <Facts facts={documentFacts(t, document, view.stored.today)} />,
          }))}
        />
        <ShownDocuments t={t} view={view} documents={otherDocuments(view)} />
      </>
    );
  }
  const shownDocuments = only ? [only, ...otherDocuments(view)] : (view.person?.documents ?? []);
  return (
    <>
      {!view.person && <p>{t.requisites.fundDown}</p>}
      <input type="hidden" id="document" name="document" value={only?.id ?? ''} />
      <ShownDocuments t={t} view={view} documents={shownDocuments} />
    </>
  );
}

/** Documents to read, not to choose. */
function ShownDocuments(props: {
  readonly t: Texts;
  readonly view: RequisitesView;
  readonly documents: readonly IdentityDocument[];
}) {
  const { t, view, documents } = props;
  return (
    <>
      {documents.map((document) => (
        <Facts
          key={document.id}
          facts={[
            { term: t.requisites.documentType, value: t.documentTypes[document.type] },
            ...documentFacts(t, document, view.stored.today),
          ]}
        />
      ))}
    </>
  );
}

function documentFacts(t: Texts, document: IdentityDocument, today: string) {
  const { issuedOn, validUntil, issuedBy } = document;
  const until = validUntil === null ? t.requisites.notSpecified : formatDate(validUntil);
  const expired = validUntil !== null && validUntil < today;
  return [
    { term: t.requisites.documentNumber, value: displayed(document.number) },
    ...(document.series === null
      ? []
      : [{ term: t.requisites.documentSeries, value: displayed(document.series) }]),
    {
      term: t.requisites.documentIssuedOn,
      value: issuedOn === null ? t.requisites.notSpecified : formatDate(issuedOn),
    },
    {
      term: t.requisites.documentValidUntil,
      value: expired ? `${until} (${t.requisites.documentExpired})` : until,
    },
    {
      term: t.requisites.documentIssuedBy,
      value: issuedBy === null ? t.requisites.notSpecified : displayed(issuedBy),
    },
  ];
}

/** A document in one line: its type and number. */
export function documentName(t: Texts, { type, series, number }: IdentityDocument): string {
  return displayed(`${t.documentTypes[type]} ${series === null ? number : `${series} ${number}`}`);
}

function errorText(t: Texts, language: Language, error: Refusal<FormReason> | undefined): string | undefined {
  if (!error) return undefined;
  const isMoment = error.reason === 'contactWait' || error.reason === 'contactAfterRecovery';
  const detail = error.detail ?? '';
  return fill(t.reasons[error.reason], {
    detail: isMoment ? formatMoment(language, new Date(detail)) : characterText(t, detail),
  });
}

export function shown(name: FieldName, value: string | null): string | null {
  return value === null ? null : showValue(name, value);
}

/** The list of services, where sign-in ends. */
export function ServicesPage({ t, oldestEnded }: { t: Texts; oldestEnded: number | undefined }) {
  return (
    <>
      {oldestEnded !== undefined && (
        <Alert kind="info" announced>
          <p>{fill(t.session.oldestEnded, { count: oldestEnded })}</p>
        </Alert>
      )}
      <PageHeading title={t.services.title} />
      <Card id="details-section" heading={t.services.sectionTitle}>
        <LinkList
          links={[
            { href: '/services/requisites', title: t.services.tab, description: t.services.sectionLead },
          ]}
        />
      </Card>
    </>
  );
}

/** Where the change is: here, at the fund, or refused by it. */
export function deliveryText(t: Texts, language: Language, { delivery }: SavedChange): string {
  switch (delivery.state) {
    case 'sending':
      return delivery.late ? t.receipt.late : t.receipt.sending;
    case 'applied':
      return fill(t.receipt.applied, { time: formatMoment(language, delivery.at) });
    case 'refused':
      return t.receipt.refused;
  }
}
