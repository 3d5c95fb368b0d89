import type { ComponentChildren } from 'preact';

export interface CardProps {
  /** Unique on the page. The heading's id is `${id}-heading`. */
  id: string;
  heading: string;
  /** The block's number, as in the memo. */
  number?: number | undefined;
  children: ComponentChildren;
}

/** A white block with a heading. */
export function Card({ id, heading, number, children }: CardProps) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>
        {number !== undefined && <span class="number">{number}</span>}
        {number !== undefined && ' '}
        {heading}
      </h2>
      {children}
    </section>
  );
}
