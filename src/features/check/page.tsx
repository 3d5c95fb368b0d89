import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { Alert, type AlertProps } from '../../ui/alert.tsx';
import { Card } from '../../ui/card.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { type Language, languages } from '../../values/language.ts';

export interface CheckPageProps {
  readonly t: Texts;
  readonly language: Language;
  /** The published keys (RFC 7517) as JSON. */
  readonly keys: string;
  /** Certificates that are trusted beside those of the authority, base64. */
  readonly trust: readonly string[];
  /** The file of this page itself, which has no other pages around it. */
  readonly offline: boolean;
}

const verdicts = {
  sealed: 'success',
  altered: 'danger',
  broken: 'danger',
  foreign: 'danger',
  noSeal: 'warning',
  signed: 'success',
  notSigned: 'danger',
  tooLarge: 'warning',
} as const satisfies Partial<Record<keyof Texts['check']['verdicts'], AlertProps['kind']>>;

const languageNames: Readonly<Record<Language, string>> = { kk: 'ҚАЗ', ru: 'РУС', en: 'ENG' };

/**
 * Checks a receipt or a signature. Everything happens in the page: it has every text, and the script
 * shows those that fit.
 */
export function CheckPage({ t, language, keys, trust, offline }: CheckPageProps) {
  return (
    <>
      <PageHeading title={t.check.title} lead={t.check.lead} />
      {!offline && (
        <p>
          {languages.map((one) => (
            <>
              <a
                href={`${paths.check}?language=${one}`}
                lang={one}
                aria-current={one === language ? 'true' : undefined}
              >
                {languageNames[one]}
              </a>{' '}
            </>
          ))}
        </p>
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
        data-words={JSON.stringify(wordsOf(t))}
      >
        <Card id="choose" heading={t.check.choose}>
          <label for="check-file">{t.check.file}</label>
          <input type="file" id="check-file" accept=".pdf,.cms,.p7s,.sig" />
          <p>{t.check.stays}</p>
        </Card>
        <section id="check-result" tabindex={-1} role="status" hidden>
          {Object.entries(verdicts).map(([name, kind]) => (
            <div key={name} data-text={`verdict-${name}`} hidden>
              <Alert kind={kind} title={t.check.verdicts[name as keyof typeof verdicts]} />
            </div>
          ))}
          {noteNames(t).map((name) => (
            <p key={name} data-text={`note-${name}`} hidden>
              {t.check.notes[name]}
            </p>
          ))}
          <dl class="facts" id="check-facts" data-long="" />
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

/** The words for what is in a file, by the names that the script uses. */
function wordsOf(t: Texts): Readonly<Record<string, string>> {
  const fields = Object.entries(t.requisites).filter(([, text]) => typeof text === 'string');
  const proofs = Object.entries(t.proofs);
  return {
    ...t.check.words,
    ...Object.fromEntries(fields.map(([name, text]) => [`field-${name}`, text as string])),
    ...Object.fromEntries(proofs.map(([name, text]) => [`value-${name}`, text])),
  };
}

function noteNames(t: Texts): readonly (keyof Texts['check']['notes'])[] {
  return Object.keys(t.check.notes) as (keyof Texts['check']['notes'])[];
}
