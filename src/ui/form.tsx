import type { ComponentChildren } from 'preact';

export interface FormProps {
  /** The address to which it is sent. */
  action: string;
  csrf: string;
  /**
   * `page-form` by default, the form that the language switch sends along. A second form on a page
   * needs another id.
   */
  id?: string | undefined;
  /** Hidden fields by name: `page`, `formId`, `revision`. */
  hidden?: Readonly<Record<string, string>> | undefined;
  /** The browser asks before the page is left with something typed (`client/unsaved.ts`). */
  guarded?: boolean | undefined;
  /** The address that keeps what was typed when the session is over (`client/unsaved.ts`). */
  keepAction?: string | undefined;
  /** The form shows unsaved text again, so leaving it asks at once. */
  typed?: boolean | undefined;
  children: ComponentChildren;
}

/**
 * A form sent by POST. Only the server checks its fields (`novalidate`), so each rule and its text
 * exist once.
 */
export function Form(props: FormProps) {
  const { action, csrf, id = 'page-form', hidden = {}, guarded = false, keepAction, typed, children } = props;
  return (
    <form
      id={id}
      method="post"
      action={action}
      novalidate
      data-unsaved={guarded ? '' : undefined}
      data-keep={keepAction}
      data-typed={typed ? '' : undefined}
    >
      <input type="hidden" name="csrf" value={csrf} />
      {Object.entries(hidden).map(([name, value]) => (
        <input type="hidden" key={name} name={name} value={value} />
      ))}
      {children}
    </form>
  );
}
