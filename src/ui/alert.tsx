import type { ComponentChildren } from 'preact';

export interface AlertProps {
  kind: 'info' | 'success' | 'warning' | 'danger';
  title?: string | undefined;
  /** Read out when the page opens, for the answer to what the person has just done. */
  announced?: boolean | undefined;
  children?: ComponentChildren;
}

/** A box with the result of an action, or with something to know. */
export function Alert({ kind, title, announced = false, children }: AlertProps) {
  return (
    <div class="alert" data-kind={kind} role={announced ? 'status' : undefined}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </div>
  );
}
