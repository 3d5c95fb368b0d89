import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';

export interface LockPageProps {
  readonly t: Texts;
  readonly csrf: string;
  /** Whether a key of theirs has opened this cabinet before, so that it can again. */
  readonly hasUsedEds: boolean;
}

/** Says what a lock does and who can lift it, before the button. */
export function LockPage({ t, csrf, hasUsedEds }: LockPageProps) {
  return (
    <>
      <PageHeading title={t.lock.title} lead={t.lock.lead} />
      <Card id="lock" heading={t.lock.effects}>
        <ul>
          {[t.lock.sessions, t.lock.password, t.lock.contacts, t.lock.notice].map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
        <p>{t.lock.unlock}</p>
        {!hasUsedEds && (
          <Alert kind="warning">
            <p>{t.lock.noEds}</p>
          </Alert>
        )}
        <Form id="lock-form" action={paths.lockCabinet} csrf={csrf}>
          <ButtonRow>
            <Button>{t.lock.submit}</Button>
            <ButtonLink href={paths.security}>{t.security.back}</ButtonLink>
          </ButtonRow>
        </Form>
      </Card>
    </>
  );
}
