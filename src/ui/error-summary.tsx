export interface ErrorSummaryProps {
  /** "Қателерді түзетіңіз". */
  title: string;
  /** Each with the id of its field. `undefined` for an error of the whole form. */
  errors: readonly { fieldId: string | undefined; text: string }[];
}

/**
 * All errors of a form, at the top of the page, each with a link to its field. Takes the focus when
 * the page opens.
 */
export function ErrorSummary({ title, errors }: ErrorSummaryProps) {
  if (errors.length === 0) return null;
  return (
    <div class="ds-error-summary" id="error-summary" role="alert" tabindex={-1} autofocus>
      <h2>{title}</h2>
      <ul>
        {errors.map((error) => (
          <li key={`${error.fieldId} ${error.text}`}>
            {error.fieldId === undefined ? error.text : <a href={`#${error.fieldId}`}>{error.text}</a>}
          </li>
        ))}
      </ul>
    </div>
  );
}
