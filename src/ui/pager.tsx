export interface PagerProps {
  /** Its name for a screen reader. */
  label: string;
  newer?: { href: string; label: string } | undefined;
  older?: { href: string; label: string } | undefined;
}

/** Links to older and newer entries. */
export function Pager({ label, newer, older }: PagerProps) {
  if (newer === undefined && older === undefined) return null;
  return (
    <nav class="pager" aria-label={label}>
      {newer && (
        <a class="ds-button" data-variant="secondary" rel="prev" href={newer.href}>
          {newer.label}
        </a>
      )}
      {older && (
        <a class="ds-button" data-variant="secondary" rel="next" href={older.href}>
          {older.label}
        </a>
      )}
    </nav>
  );
}
