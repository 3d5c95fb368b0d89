import type { ComponentChildren } from 'preact';

export interface ColumnsProps {
  /**
   * `two` halves the room, `wide-first` gives the first a little more, `fit` sets short fields
   * beside each other at their own width, `narrow` is one column no wider than a form needs.
   */
  split?: 'two' | 'wide-first' | 'fit' | 'narrow' | undefined;
  children: ComponentChildren;
}

/** Things side by side where there is room, below one another on a phone. */
export function Columns({ split = 'two', children }: ColumnsProps) {
  return (
    <div class="columns" data-split={split}>
      {children}
    </div>
  );
}
