import type { Texts } from '../../texts/kk.ts';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';

/** Where a notice's link leads: nothing happens until the button is pressed, since mail scanners open links. */
export function NotMePage({ t, csrf, path, done }: { t: Texts; csrf: string; path: string; done: boolean }) {
  return (
    <>
      <PageHeading
        title={done ? t.notMe.doneTitle : t.notMe.title}
        lead={done ? t.notMe.doneText : t.notMe.text}
      />
      {done ? (
        <ButtonRow>
          <ButtonLink href="/">{t.problems.home}</ButtonLink>
        </ButtonRow>
      ) : (
        <Form id="not-me-form" action={path} csrf={csrf}>
          <ButtonRow>
            <Button>{t.notMe.submit}</Button>
          </ButtonRow>
        </Form>
      )}
    </>
  );
}
