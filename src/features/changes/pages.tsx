import { helpPath, paths, receiptPath, signInPath } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import { documentName } from '../../texts/documents.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Compare, compareWords } from '../../ui/compare.tsx';
import { contactWaitText } from '../../ui/contact-wait.ts';
import { Facts } from '../../ui/facts.tsx';
import { Icon } from '../../ui/icon.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { maskIin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { touchedChannels } from '../contact-change/contact.ts';
import { changeRows, type SavedChange } from './change.ts';

export interface ReceiptPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly change: SavedChange;
  readonly holder: ReceiptHolder;
  /** What the change closes, and until when. */
  readonly wait: string | undefined;
}

/** Who made the change. */
export interface ReceiptHolder {
  /** The full name according to the fund. Undefined when the fund cannot be asked now. */
  readonly name: string | undefined;
  /** Shown masked. */
  readonly iin: string;
}

/** "Рақмет!": what was saved, when, and what happens next. */
export function ReceiptPage({ t, language, change, holder, wait }: ReceiptPageProps) {
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
        <div class="outcome">
          <Icon name="check" />
          <PageHeading title={t.receipt.title} lead={t.receipt.saved} />
        </div>
      )}
      <Card id="receipt" heading={`${t.receipt.number}: ${change.number}`}>
        <Compare
          caption={t.receipt.changes}
          words={compareWords(t)}
          arrow
          rows={changeRows(t.requisites, change.entries)}
        />
        <Facts facts={receiptFacts(t, language, change, holder)} />
      </Card>
      <Card id="next" heading={t.receipt.next}>
        {change.delivery.state !== 'refused' && <p>{nextText(t, change)}</p>}
        {wait !== undefined && <NoticeLine>{wait}</NoticeLine>}
        <ReceiptActions t={t} change={change} />
      </Card>
    </article>
  );
}

/** To keep the receipt: as a file first, then on paper. The rest are links. */
function ReceiptActions({ t, change }: Pick<ReceiptPageProps, 't' | 'change'>) {
  return (
    <>
      <ButtonRow stacked>
        <ButtonLink href={receiptPath(change.number, '.pdf')} kind="primary" download>
          {t.receipt.pdf}
        </ButtonLink>
        <button type="button" class="ds-button" data-variant="secondary" data-print hidden>
          {t.receipt.print}
        </button>
        {change.proof === 'eds' && (
          <ButtonLink href={receiptPath(change.number, '.cms')} download>
            {t.eds.evidence}
          </ButtonLink>
        )}
      </ButtonRow>
      <ul class="links">
        <li>
          <a href={paths.requisites}>{t.receipt.back}</a>
        </li>
        <li>
          <a href={paths.history}>{t.receipt.history}</a>
        </li>
        <li>
          <a href={paths.check}>{t.check.title}</a>
        </li>
        <li>
          <a href={helpPath('receipt')}>{t.help.topics.receipt.question}</a>
        </li>
      </ul>
    </>
  );
}

/** Tells who has just saved a change that it is saved, when its receipt cannot be shown. */
export function SavedPage({
  t,
  number,
  why,
}: {
  readonly t: Texts;
  readonly number: string;
  readonly why: 'outage' | 'no session';
}) {
  return (
    <>
      <PageHeading title={t.receipt.saved} lead={`${t.receipt.number}: ${number}`} />
      {why === 'outage' ? (
        <>
          <p>{t.receipt.notShown}</p>
          <p>{t.receipt.inHistory}</p>
        </>
      ) : (
        <>
          <p>{t.receipt.notSignedIn}</p>
          <ButtonRow>
            <ButtonLink href={signInPath({ to: paths.history })} kind="primary">
              {t.receipt.signIn}
            </ButtonLink>
          </ButtonRow>
        </>
      )}
    </>
  );
}

/**
 * What a change of mobile or e-mail that was not signed closes, and until when. One that was
 * recorded again closes it anew.
 */
export function waitText(t: Texts, language: Language, change: SavedChange, hours: number) {
  return change.proof === 'codes' || change.proof === 'passkey' || change.proof === 'restored'
    ? contactWaitText(t, language, touchedChannels(change.entries)[0], { from: change.madeAt, hours })
    : undefined;
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
export function receiptFacts(t: Texts, language: Language, change: SavedChange, holder: ReceiptHolder) {
  const status = deliveryText(t, language, change);
  return [
    { term: t.receipt.time, value: `${formatMoment(language, change.madeAt)} (${t.receipt.astana})` },
    ...(change.firstMadeAt === null
      ? []
      : [{ term: t.receipt.firstMadeAt, value: formatMoment(language, change.firstMadeAt) }]),
    ...(holder.name === undefined ? [] : [{ term: t.receipt.holder, value: holder.name }]),
    { term: t.signIn.iin, value: maskIin(holder.iin) },
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
