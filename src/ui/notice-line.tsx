import type { ComponentChildren } from 'preact';

export interface NoticeLineProps {
  /** The target of an `aria-describedby` elsewhere. */
  id?: string | undefined;
  children: ComponentChildren;
}

/** A remark beside a field or a block, with a line in the colour of the sun. */
export function NoticeLine({ id, children }: NoticeLineProps) {
  return (
    <p class="notice-line" id={id}>
      {children}
    </p>
  );
}
