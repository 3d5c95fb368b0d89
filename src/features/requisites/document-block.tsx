import type { IdentityDocument } from '../../fund/port.ts';
import { formatDate, formatMoment } from '../../texts/dates.ts';
import { documentName, documentTypeOnPage } from '../../texts/documents.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Card } from '../../ui/card.tsx';
import { Facts } from '../../ui/facts.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { RadioGroup } from '../../ui/radio-group.tsx';
import { WhoIAm } from '../../ui/who-i-am.tsx';
import { displayed } from '../../values/displayed.ts';
import { maskIin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { otherDocuments } from './documents.ts';
import type { RequisitesView } from './view.ts';

interface DocumentBlockProps {
  readonly t: Texts;
  readonly language: Language;
  readonly view: RequisitesView;
  readonly who: { readonly name: string; readonly iin: string };
  readonly chosen: string;
  readonly error: string | undefined;
}

/** Shows the identity document, and when the fund gave what the page shows about it. */
export function DocumentBlock(props: DocumentBlockProps) {
  const { t, language, view, who } = props;
  return (
    <Card id="document-block" heading={t.requisites.document} number={1}>
      <WhoIAm name={who.name} iinLabel={t.signIn.iin} iin={maskIin(who.iin)} />
      <DocumentChoice {...props} />
      <NoticeLine>{t.requisites.asOf}</NoticeLine>
      {view.asOf && (
        <NoticeLine>{fill(t.requisites.asOfCopy, { time: formatMoment(language, view.asOf) })}</NoticeLine>
      )}
    </Card>
  );
}

/**
 * Offers a choice only when several documents are valid. When none is valid, the documents on file
 * are shown and marked.
 */
function DocumentChoice({ t, language, view, chosen, error }: DocumentBlockProps) {
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
            // The label has the number.
            description: <Facts facts={documentFacts(t, document, view.stored.today).slice(1)} />,
          }))}
        />
        <ShownDocuments t={t} language={language} view={view} documents={otherDocuments(view)} />
      </>
    );
  }
  const shownDocuments = only ? [only, ...otherDocuments(view)] : (view.person?.documents ?? []);
  return (
    <>
      {!view.person && <p>{t.requisites.fundDown}</p>}
      <input type="hidden" id="document" name="document" value={only?.id ?? ''} />
      <ShownDocuments t={t} language={language} view={view} documents={shownDocuments} />
    </>
  );
}

/** Shows documents without a choice. */
function ShownDocuments(props: {
  readonly t: Texts;
  readonly language: Language;
  readonly view: RequisitesView;
  readonly documents: readonly IdentityDocument[];
}) {
  const { t, language, view, documents } = props;
  return (
    <>
      {documents.map((document) => (
        <Facts
          key={document.id}
          facts={[
            { term: t.requisites.documentType, value: documentTypeOnPage(t, language, document.type) },
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
