import type { ComponentChildren } from 'preact';

/** `primary` once on a page, `secondary` beside it, `tertiary` for the rest. */
export type ButtonKind = 'primary' | 'secondary' | 'tertiary';

export interface ButtonProps {
  kind?: ButtonKind | undefined;
  /** `submit` by default. */
  type?: 'submit' | 'button' | undefined;
  name?: string | undefined;
  value?: string | undefined;
  /** The id of the form, when the button is outside of it. */
  form?: string | undefined;
  formAction?: string | undefined;
  /** As wide as its container. */
  wide?: boolean | undefined;
  id?: string | undefined;
  children: ComponentChildren;
}

/** A button. */
export function Button({ kind = 'primary', type = 'submit', wide = false, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      class="ds-button"
      data-variant={kind === 'primary' ? undefined : kind}
      data-fullwidth={wide ? '' : undefined}
      name={rest.name}
      value={rest.value}
      form={rest.form}
      formaction={rest.formAction}
      id={rest.id}
    >
      {rest.children}
    </button>
  );
}

export interface ButtonLinkProps {
  href: string;
  kind?: ButtonKind | undefined;
  wide?: boolean | undefined;
  /** The target is saved instead of opened. */
  download?: boolean | undefined;
  children: ComponentChildren;
}

/** A link that looks like a button. It opens a page and changes nothing. */
export function ButtonLink({ href, kind = 'secondary', wide = false, ...rest }: ButtonLinkProps) {
  return (
    <a
      href={href}
      class="ds-button"
      data-variant={kind === 'primary' ? undefined : kind}
      data-fullwidth={wide ? '' : undefined}
      download={rest.download}
    >
      {rest.children}
    </a>
  );
}

export interface ButtonRowProps {
  /** Stays at the bottom edge of a phone's screen while the form is longer than the screen. */
  sticky?: boolean | undefined;
  /** On a phone one below another, all of one width. */
  stacked?: boolean | undefined;
  children: ComponentChildren;
}

/** The buttons at the end of a form or page. */
export function ButtonRow({ sticky = false, stacked = false, children }: ButtonRowProps) {
  return (
    <div class="button-row" data-sticky={sticky ? '' : undefined} data-stacked={stacked ? '' : undefined}>
      {children}
    </div>
  );
}
