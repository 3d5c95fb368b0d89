import type { ComponentChildren } from 'preact';

export interface ColumnsProps {
  /** `fit` lets short fields stand beside each other at their own width, `two` halves the room, `wide-first` gives the first three fifths. */
  split?: 'two' | 'wide-first' | 'fit' | undefined;
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
