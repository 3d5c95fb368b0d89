import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Card } from '../../ui/card.tsx';
import { LinkList } from '../../ui/link-list.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';

/** The list of services, the first page after sign-in. */
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
          links={[{ href: paths.requisites, title: t.services.tab, description: t.services.sectionLead }]}
        />
      </Card>
    </>
  );
}
