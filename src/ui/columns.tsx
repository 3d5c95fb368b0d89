import type { ComponentChildren } from 'preact';

export interface ColumnsProps {
  /**
   * `two` and `three` give each the same width, `wide-first` gives the first a little more, `fit`
   * puts short fields side by side at their own width, `narrow` is one column as wide as a form
   * needs.
   */
  split?: 'two' | 'three' | 'wide-first' | 'fit' | 'narrow' | undefined;
  children: ComponentChildren;
}

/** Elements side by side where there is space, and one below another on a phone. */
export function Columns({ split = 'two', children }: ColumnsProps) {
  return (
    <div class="columns" data-split={split}>
      {children}
    </div>
  );
}
