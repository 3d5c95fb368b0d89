import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export interface AlertProps {
  kind: 'info' | 'success' | 'warning' | 'danger';
  title?: string | undefined;
  /** Instead of the icon of its kind. */
  icon?: IconName | undefined;
  /**
   * The answer to what the person has just done, or what they must know first. Takes the focus when
   * the page opens, which reads it out: screen readers ignore a live region that is there at load.
   */
  announced?: boolean | undefined;
  children?: ComponentChildren;
}

const icons: Readonly<Record<AlertProps['kind'], IconName>> = {
  info: 'info',
  success: 'success',
  warning: 'warning',
  danger: 'warning',
};

/** As in `ErrorSummary`. Of several on a page, the browser focuses the first. */
const takesFocus = { role: 'alert', tabindex: -1, autofocus: true } as const;

/** A box with the result of an action, or with something to know. */
export function Alert({ kind, title, icon = icons[kind], announced = false, children }: AlertProps) {
  return (
    <div class="alert" data-kind={kind} {...(announced ? takesFocus : {})}>
      <Icon name={icon} />
      <div>
        {title !== undefined && <h2>{title}</h2>}
        {children}
      </div>
    </div>
  );
}
