import { paths, receiptPath } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import { documentName } from '../../texts/documents.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Compare, compareWords } from '../../ui/compare.tsx';
import { Facts } from '../../ui/facts.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { Language } from '../../values/language.ts';
import { changeRows, type SavedChange } from './change.ts';

export interface ReceiptPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly change: SavedChange;
  /** The holder's full name according to the fund. Undefined when the fund cannot be asked now. */
  readonly holder: string | undefined;
}

/** "Рақмет!": what was saved, when, and what happens next. */
export function ReceiptPage({ t, language, change, holder }: ReceiptPageProps) {
  return (
    <article class="receipt">
      {change.delivery.state === 'refused' ? (
        <>
          <PageHeading title={t.receipt.refused} />
          <Alert kind="warning">
            <p>{nextText(t, change)}</p>
          </Alert>
        </>
      ) : (
        <PageHeading title={t.receipt.title} lead={t.receipt.saved} />
      )}
      <Card id="receipt" heading={`${t.receipt.number}: ${change.number}`}>
        <Facts facts={receiptFacts(t, language, change, holder)} />
        <Compare
          caption={t.receipt.changes}
          words={compareWords(t)}
          rows={changeRows(t.requisites, change.entries)}
        />
      </Card>
      <Card id="next" heading={t.receipt.next}>
        {change.delivery.state !== 'refused' && <p>{nextText(t, change)}</p>}
        <ButtonRow>
          <button type="button" class="ds-button" data-variant="secondary" data-print hidden>
            {t.receipt.print}
          </button>
          <ButtonLink href={receiptPath(change.number, '.pdf')} download>
            {t.receipt.pdf}
          </ButtonLink>
          {change.proof === 'eds' && (
            <ButtonLink href={receiptPath(change.number, '.cms')} download>
              {t.eds.evidence}
            </ButtonLink>
          )}
          <ButtonLink href={paths.requisites}>{t.receipt.back}</ButtonLink>
          <ButtonLink href={paths.history}>{t.receipt.history}</ButtonLink>
        </ButtonRow>
      </Card>
    </article>
  );
}

/** What the state of a change means for its holder, and what they can do. */
export function nextText(t: Texts, { delivery }: SavedChange): string {
  switch (delivery.state) {
    case 'sending':
      return delivery.late ? t.receipt.nextLate : t.receipt.nextText;
    case 'applied':
      return t.receipt.nextApplied;
    case 'refused':
      return t.receipt.refusals[delivery.reason];
  }
}

/** The facts of a receipt. The page and the PDF show the same. */
export function receiptFacts(t: Texts, language: Language, change: SavedChange, holder: string | undefined) {
  const status = deliveryText(t, language, change);
  return [
    { term: t.receipt.time, value: `${formatMoment(language, change.madeAt)} (${t.receipt.astana})` },
    ...(holder === undefined ? [] : [{ term: t.receipt.holder, value: holder }]),
    ...(change.document === null
      ? []
      : [{ term: t.receipt.document, value: documentName(t, change.document) }]),
    { term: t.receipt.proof, value: t.proofs[change.proof] },
    { term: t.receipt.status, value: status },
  ];
}

/** Where the change is: here, at the fund, or refused by it. */
function deliveryText(t: Texts, language: Language, { delivery }: SavedChange): string {
  switch (delivery.state) {
    case 'sending':
      return delivery.late ? t.receipt.late : t.receipt.sending;
    case 'applied':
      return fill(t.receipt.applied, { time: formatMoment(language, delivery.at) });
    case 'refused':
      return t.receipt.refused;
  }
}
