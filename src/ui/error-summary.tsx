import type { ComponentChildren } from 'preact';

export interface ErrorSummaryProps {
  /** "Қателерді түзетіңіз". */
  title: string;
  /** Each with the id of its field. `undefined` for an error of the whole form. */
  errors: readonly { fieldId: string | undefined; text: string }[];
  /** Advice, when the title itself says what is wrong. */
  children?: ComponentChildren;
}

/**
 * All errors of a form, at the top of the page, each with a link to its field. Takes the focus when
 * the page opens.
 */
export function ErrorSummary({ title, errors, children }: ErrorSummaryProps) {
  if (errors.length === 0 && !children) return null;
  return (
    <div class="ds-error-summary" id="error-summary" role="alert" tabindex={-1} autofocus>
      <h2>{title}</h2>
      {children}
      {errors.length > 0 && (
        <ul>
          {errors.map((error) => (
            <li key={`${error.fieldId} ${error.text}`}>
              {error.fieldId === undefined ? error.text : <a href={`#${error.fieldId}`}>{error.text}</a>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
