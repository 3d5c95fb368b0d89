import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Form } from '../../ui/form.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';

export interface DisavowalPageProps {
  readonly t: Texts;
  readonly csrf: string;
  readonly action: string;
  readonly done: boolean;
}

/**
 * The page behind a notice's link. Nothing happens until the button is pressed, because mail
 * scanners open links.
 */
export function DisavowalPage({ t, csrf, action, done }: DisavowalPageProps) {
  return (
    <>
      <PageHeading
        title={done ? t.notMe.doneTitle : t.notMe.title}
        lead={done ? t.notMe.doneText : t.notMe.text}
      />
      {done ? (
        <ButtonRow>
          <ButtonLink href={paths.start}>{t.problems.home}</ButtonLink>
        </ButtonRow>
      ) : (
        <Form id="not-me-form" action={action} csrf={csrf}>
          <ButtonRow>
            <Button>{t.notMe.submit}</Button>
          </ButtonRow>
        </Form>
      )}
      <HelpLink t={t} topic="not-me" />
      <HelpLink t={t} topic="message" />
    </>
  );
}
