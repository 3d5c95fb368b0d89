import { paths, signInPath, withQuery } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { ButtonLink } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Columns } from '../../ui/columns.tsx';
import { EdsHelp, EdsSign } from '../../ui/eds-sign.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { ShownRefusal } from '../eds/shown-refusal.ts';

export interface EdsPageProps {
  readonly t: Texts;
  readonly language: string;
  readonly csrf: string;
  readonly to: string | undefined;
  /** True when the person has pressed the button of the start page. */
  readonly begins: boolean;
  readonly refusal?: ShownRefusal | undefined;
}

/**
 * Signing in by EDS. The page has the texts of every state, before and after the server has checked
 * the signature.
 */
export function EdsPage({ t, language, csrf, to, begins, refusal }: EdsPageProps) {
  const action = withQuery(paths.signInByEds, { to });
  return (
    <>
      {refusal && (
        <Alert kind="danger" title={t.eds.refused} announced>
          <p>{fill(t.eds.reasons[refusal.reason], { since: refusal.since ?? '' })}</p>
        </Alert>
      )}
      <PageHeading title={t.eds.title} lead={t.eds.lead} />
      <Columns split="wide-first">
        <Card id="eds-way" heading={t.signIn.title}>
          <EdsSign
            t={t}
            language={language}
            csrf={csrf}
            action={action}
            challenge={paths.signInByEdsChallenge}
            label={t.eds.choose}
            begins={begins}
            again={refusal?.again}
          />
          <EdsHelp t={t} />
          <p>
            <ButtonLink kind="tertiary" href={signInPath({ to })}>
              {t.eds.byPassword}
            </ButtonLink>
          </p>
        </Card>
        <Card id="safety" heading={t.signIn.safetyTitle}>
          <p>{t.signIn.safetyAddress}</p>
          <HelpLink t={t} topic="key" />
          <HelpLink t={t} topic="key-browser" />
          <HelpLink t={t} topic="key-firefox" />
          <HelpLink t={t} topic="lost-key" />
        </Card>
      </Columns>
    </>
  );
}
