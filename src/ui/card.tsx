import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

export interface CardProps {
  /** Unique on the page. The heading's id is `${id}-heading`. */
  id: string;
  heading: string;
  /** The block's number, as in the memo. */
  number?: number | undefined;
  /** A step that is done has a sign instead of its number. */
  done?: boolean | undefined;
  children: ComponentChildren;
}

/** A white block with a heading. */
export function Card({ id, heading, number, done = false, children }: CardProps) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>
        {number !== undefined && (
          <span class="number" data-done={done ? '' : undefined}>
            {done ? <Icon name="check" /> : number}
          </span>
        )}
        {number !== undefined && ' '}
        {heading}
      </h2>
      {children}
    </section>
  );
}
