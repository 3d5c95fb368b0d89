import { paths, signInPath, withQuery } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { ButtonLink } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Columns } from '../../ui/columns.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PasskeyAsk } from '../../ui/passkey-ask.tsx';
import { PasskeyRefused } from '../../ui/passkey-refused.tsx';
import type { PasskeySite } from '../passkeys/site.ts';
import type { PasskeyRefusal } from './sign-in-by-passkey.ts';

export interface PasskeyPageProps {
  readonly t: Texts;
  readonly csrf: string;
  readonly to: string | undefined;
  readonly where: PasskeySite;
  /** True when the person has pressed the button of the start page. */
  readonly begins: boolean;
  readonly refusal: PasskeyRefusal | undefined;
}

/** Signing in by a passkey alone. */
export function PasskeyPage({ t, csrf, to, where, begins, refusal }: PasskeyPageProps) {
  return (
    <>
      <PasskeyRefused t={t} reason={refusal} />
      <PageHeading title={t.passkey.way} lead={t.passkey.what} />
      <Columns split="wide-first">
        <Card id="passkey-way" heading={t.signIn.title}>
          <PasskeyAsk
            t={t}
            csrf={csrf}
            action={withQuery(paths.signInByPasskey, { to })}
            challenge={paths.signInByPasskeyChallenge}
            where={where}
            label={t.passkey.use}
            begins={begins}
          />
          <p>
            <ButtonLink kind="tertiary" href={signInPath({ to })}>
              {t.eds.byPassword}
            </ButtonLink>{' '}
            <ButtonLink kind="tertiary" href={withQuery(paths.signInByEds, { to })}>
              {t.eds.way}
            </ButtonLink>
          </p>
        </Card>
        <Card id="no-passkey" heading={t.passkey.noneTitle}>
          <p>{t.passkey.none}</p>
        </Card>
      </Columns>
    </>
  );
}
