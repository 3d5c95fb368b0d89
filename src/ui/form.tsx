import type { ComponentChildren } from 'preact';

export interface FormProps {
  /** Where it goes. */
  action: string;
  csrf: string;
  /**
   * `page-form` by default: the form the language switch sends along. Another id for a second form
   * of a page.
   */
  id?: string | undefined;
  /** Hidden fields by name: `page`, `formId`, `revision`. */
  hidden?: Readonly<Record<string, string>> | undefined;
  /** The browser asks before the page is left with something typed; `client/unsaved.ts`. */
  guarded?: boolean | undefined;
  /** Where what was typed is kept when the session is over; `client/unsaved.ts`. */
  keepAction?: string | undefined;
  /** It shows again what was typed and is not saved: leaving it asks at once. */
  typed?: boolean | undefined;
  children: ComponentChildren;
}

/**
 * A form sent by POST. Its fields are checked by the server alone, hence `novalidate`: one place,
 * one wording.
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
