import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { Alert, type AlertProps } from '../../ui/alert.tsx';
import { Card } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { type Language, languages } from '../../values/language.ts';

export interface CheckPageProps {
  readonly t: Texts;
  readonly language: Language;
  /** The published keys (RFC 7517) as JSON. */
  readonly keys: string;
  /** Certificates that are trusted beside those of the authority, base64. */
  readonly trust: readonly string[];
  /** Published heads of the log, a line for each. Empty where there are none. */
  readonly heads: string;
  /** The file of this page itself, which has no other pages around it. */
  readonly offline: boolean;
}

const verdicts = {
  sealed: 'success',
  disputed: 'danger',
  otherReceipt: 'danger',
  altered: 'danger',
  broken: 'danger',
  foreign: 'danger',
  noSeal: 'warning',
  signed: 'info',
  signedThen: 'success',
  notSigned: 'danger',
  tooLarge: 'warning',
  code: 'info',
  foreignCode: 'danger',
  noCode: 'warning',
  failed: 'warning',
} as const satisfies Readonly<Record<keyof Texts['check']['verdicts'], AlertProps['kind']>>;

/** What to do after a verdict that is not good. */
const adviceOf: Partial<Record<keyof typeof verdicts, keyof Texts['check']['advice']>> = {
  disputed: 'ask',
  otherReceipt: 'otherReceipt',
  altered: 'ask',
  broken: 'ask',
  foreign: 'ask',
  noSeal: 'choose',
  notSigned: 'ask',
  tooLarge: 'choose',
  foreignCode: 'paper',
  noCode: 'scan',
  failed: 'again',
};

const languageNames: Readonly<Record<Language, string>> = { kk: 'ҚАЗ', ru: 'РУС', en: 'ENG' };

/**
 * Checks a receipt or a signature. Everything happens in the page: it has every text, and the script
 * shows those that fit.
 */
export function CheckPage({ t, language, keys, trust, heads, offline }: CheckPageProps) {
  return (
    <>
      <PageHeading title={t.check.title} lead={t.check.lead} />
      {!offline && (
        <nav class="filter" aria-label={t.layout.language}>
          {languages.map((one) => (
            <a
              key={one}
              href={`${paths.check}?language=${one}`}
              lang={one}
              aria-current={one === language ? 'true' : undefined}
            >
              {languageNames[one]}
            </a>
          ))}
        </nav>
      )}
      <noscript>
        <Alert kind="warning" title={t.check.needsScript}>
          <p>
            {t.check.command} <code>npx --no-install kabinet check FILE</code>
          </p>
        </Alert>
      </noscript>
      <div
        id="check"
        class="stack"
        hidden
        data-keys={keys}
        data-trust={JSON.stringify(trust)}
        data-heads={heads}
        data-words={JSON.stringify(checkWords(t))}
      >
        <Card id="choose" heading={t.check.choose}>
          <label for="check-file">{t.check.file}</label>
          <input type="file" id="check-file" accept=".pdf,.cms,.p7s,.sig,.json" />
          <p>{t.check.stays}</p>
          <PublishedEntries t={t} offline={offline} />
        </Card>
        <Card id="paper" heading={t.check.paper}>
          <Field id="check-code" label={t.check.code} value="" description={t.check.codeHint} />
          <button type="button" class="ds-button" data-variant="secondary" id="check-code-button">
            {t.check.codeCheck}
          </button>
        </Card>
        <section id="check-result" class="card" tabindex={-1} role="status" hidden>
          {(Object.keys(verdicts) as (keyof typeof verdicts)[]).map((name) => {
            const advice = adviceOf[name];
            return (
              <div key={name} data-text={`verdict-${name}`} hidden>
                <Alert kind={verdicts[name]} title={t.check.verdicts[name]}>
                  {advice && <p>{t.check.advice[advice]}</p>}
                </Alert>
              </div>
            );
          })}
          {noteNames(t).map((name) => (
            <p key={name} data-text={`note-${name}`} hidden>
              {t.check.notes[name]}
            </p>
          ))}
          <h3 id="check-found">{t.check.sealedValues}</h3>
          <dl class="facts" id="check-facts" />
        </section>
      </div>
      {!offline && (
        <p>
          <a href={`${paths.checkFile}?language=${language}`} download>
            {t.check.offline}
          </a>
        </p>
      )}
    </>
  );
}

const headsKinds = {
  right: 'success',
  none: 'warning',
  foreign: 'danger',
  gap: 'danger',
  fork: 'danger',
  otherHead: 'danger',
  cutOff: 'danger',
} as const satisfies Readonly<Record<keyof Texts['check']['headsStates'], AlertProps['kind']>>;

/** Published heads of the log that the person trusts more than this site. */
function PublishedEntries({ t, offline }: Pick<CheckPageProps, 't' | 'offline'>) {
  return (
    <details>
      <summary>{t.check.log}</summary>
      <p>{t.check.logHelp}</p>
      <label for="check-heads">{t.check.heads}</label>
      <input type="file" id="check-heads" accept=".txt" />
      {!offline && (
        <p>
          <a href={paths.receiptHeads} download>
            {t.check.headsOfSite}
          </a>
        </p>
      )}
      <div id="check-heads-state" role="status">
        {Object.entries(headsKinds).map(([name, kind]) => (
          <div key={name} data-text={`heads-${name}`} hidden>
            <Alert kind={kind}>
              <p>{t.check.headsStates[name as keyof typeof headsKinds]}</p>
              {kind === 'danger' && <p>{t.check.advice.heads}</p>}
            </Alert>
          </div>
        ))}
      </div>
    </details>
  );
}

/** The words for what is in a file, by the names that the script uses. */
function checkWords(t: Texts): Readonly<Record<string, string>> {
  const fields = Object.entries(t.requisites).filter(([, text]) => typeof text === 'string');
  const named = (prefix: string, words: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(words).map(([name, text]) => [prefix + name, text]));
  return {
    ...t.check.words,
    astana: t.receipt.astana,
    ...named('field-', Object.fromEntries(fields) as Readonly<Record<string, string>>),
    ...named('proof=', t.proofs),
    ...named('document=', t.documentTypes),
    ...named('state=', t.check.states),
  };
}

function noteNames(t: Texts): readonly (keyof Texts['check']['notes'])[] {
  return Object.keys(t.check.notes) as (keyof Texts['check']['notes'])[];
}
