import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { BackupCodeSet } from './store.ts';

export interface BackupCodesPageProps {
  readonly t: Texts;
  readonly csrf: string;
  readonly set: BackupCodeSet;
  /** There is an app or a passkey, beside which codes may stand. */
  readonly offered: boolean;
  /** The app was added just now. */
  readonly appAdded?: boolean | undefined;
  /** Why no codes were made, in words. */
  readonly trouble?: string | undefined;
}

/** What backup codes are for, how many are left, and the button for new ones. */
export function BackupCodesPage({ t, csrf, set, offered, appAdded, trouble }: BackupCodesPageProps) {
  return (
    <>
      {trouble !== undefined && <Alert kind="danger" title={trouble} announced />}
      {appAdded && (
        <Alert kind="success" title={t.backupCodes.appAdded} announced>
          <p>{t.backupCodes.appAddedHelp}</p>
        </Alert>
      )}
      <PageHeading
        title={t.backupCodes.title}
        lead={t.backupCodes.lead}
        back={{ href: paths.security, label: t.security.title }}
      />
      <Card id="backup-codes" heading={set.since === null ? t.backupCodes.create : t.backupCodes.renew}>
        {set.since !== null && (
          <>
            <p>{fill(t.backupCodes.left, { count: set.left })}</p>
            <p>{t.backupCodes.renewHelp}</p>
          </>
        )}
        <p>{offered ? t.backupCodes.shownOnce : t.backupCodes.notOffered}</p>
        {offered ? (
          <Form id="codes-form" action={paths.backupCodes} csrf={csrf} hidden={{ since: set.since ?? '' }}>
            <ButtonRow>
              <Button>{t.backupCodes.submit}</Button>
              <ButtonLink kind="tertiary" href={paths.security}>
                {t.security.back}
              </ButtonLink>
            </ButtonRow>
          </Form>
        ) : (
          <ButtonRow>
            <ButtonLink href={paths.authenticator}>{t.authenticator.add}</ButtonLink>
          </ButtonRow>
        )}
      </Card>
    </>
  );
}

export interface NewCodesPageProps {
  readonly t: Texts;
  readonly codes: readonly string[];
}

/** The new codes. This answer alone has them. */
export function NewCodesPage({ t, codes }: NewCodesPageProps) {
  return (
    <>
      <Alert kind="warning" title={t.backupCodes.keep} announced>
        <p>{t.backupCodes.keepHelp}</p>
      </Alert>
      <PageHeading title={t.backupCodes.title} lead={t.backupCodes.newLead} />
      <Card id="new-codes" heading={t.backupCodes.newTitle}>
        <ol class="backup-codes" lang="en">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ol>
        <ButtonRow>
          <button type="button" class="ds-button" data-variant="secondary" data-print hidden>
            {t.receipt.print}
          </button>
          <ButtonLink href={`${paths.security}?done=factors`} kind="primary">
            {t.backupCodes.done}
          </ButtonLink>
        </ButtonRow>
      </Card>
    </>
  );
}
