import type { ComponentChildren } from 'preact';
import { ButtonLink, ButtonRow } from './buttons.tsx';
import { PageHeading } from './page-heading.tsx';

export interface ErrorPageProps {
  title: string;
  /** What happened and what to do. */
  text: string;
  /** The request's number, for the contact centre. */
  reference?: { label: string; value: string; help: string } | undefined;
  actions: readonly { href: string; label: string }[];
  /** Shown before the actions. */
  children?: ComponentChildren;
}

/** The body of a page that says why the requested page cannot be shown. */
export function ErrorPage({ title, text, reference, actions, children }: ErrorPageProps) {
  return (
    <>
      <PageHeading title={title} lead={text} />
      {reference && (
        <p>
          {reference.label}: <code>{reference.value}</code>. {reference.help}
        </p>
      )}
      {children}
      <ButtonRow>
        {actions.map((action, index) => (
          <ButtonLink key={action.href} href={action.href} kind={index === 0 ? 'primary' : 'secondary'}>
            {action.label}
          </ButtonLink>
        ))}
      </ButtonRow>
    </>
  );
}
