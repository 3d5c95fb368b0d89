import type { ComponentChildren } from 'preact';

export interface PageHeadingProps {
  title: string;
  /** A sentence or two under the title. */
  lead?: ComponentChildren;
  /** "Step 1 of 3", over the title. */
  step?: string | undefined;
  /** The page above this one, as a link over the title. */
  back?: { href: string; label: string } | undefined;
}

/** The title of a page. */
export function PageHeading({ title, lead, step, back }: PageHeadingProps) {
  return (
    <div class="page-heading">
      {back && (
        <p class="back">
          <a href={back.href}>{back.label}</a>
        </p>
      )}
      {step !== undefined && <p class="eyebrow">{step}</p>}
      <h1>{title}</h1>
      {lead !== undefined && <p class="lead">{lead}</p>}
    </div>
  );
}
