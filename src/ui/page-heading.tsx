import type { ComponentChildren } from 'preact';

export interface PageHeadingProps {
  title: string;
  /** A sentence or two under the title. */
  lead?: ComponentChildren;
  /** Links from the start to this page, above the title. */
  trail?: { label: string; links: readonly { href: string; label: string }[] } | undefined;
}

/** The title of a page. */
export function PageHeading({ title, lead, trail }: PageHeadingProps) {
  return (
    <div class="page-heading">
      {trail && (
        <nav class="trail" aria-label={trail.label}>
          {trail.links.map((link) => (
            <a key={link.href} href={link.href}>
              {link.label}
            </a>
          ))}
        </nav>
      )}
      <h1>{title}</h1>
      {lead !== undefined && <p class="lead">{lead}</p>}
    </div>
  );
}
