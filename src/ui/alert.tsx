import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export interface AlertProps {
  kind: 'info' | 'success' | 'warning' | 'danger';
  title?: string | undefined;
  /** Instead of the icon of its kind. */
  icon?: IconName | undefined;
  /** Read out when the page opens, for the answer to what the person has just done. */
  announced?: boolean | undefined;
  children?: ComponentChildren;
}

const icons: Readonly<Record<AlertProps['kind'], IconName>> = {
  info: 'info',
  success: 'success',
  warning: 'warning',
  danger: 'warning',
};

/** A box with the result of an action, or with something to know. */
export function Alert({ kind, title, icon = icons[kind], announced = false, children }: AlertProps) {
  return (
    <div class="alert" data-kind={kind} role={announced ? 'status' : undefined}>
      <Icon name={icon} />
      <div>
        {title !== undefined && <h2>{title}</h2>}
        {children}
      </div>
    </div>
  );
}
