/** The ids of a field's description, hint, notice and error. `undefined` when it has none. */
export function describedBy(
  id: string,
  parts: { description: unknown; hint?: unknown; noticeId?: string | undefined; error: unknown },
): string | undefined {
  const ids = [
    ...(parts.description === undefined ? [] : [`${id}-description`]),
    ...(parts.hint === undefined ? [] : [`${id}-hint`]),
    ...(parts.noticeId === undefined ? [] : [parts.noticeId]),
    ...(parts.error === undefined ? [] : [`${id}-error`]),
  ];
  return ids.length === 0 ? undefined : ids.join(' ');
}

/** What is wrong with the field of this id, shown beside it. */
export function FieldError({ id, children }: { id: string; children: string | undefined }) {
  if (children === undefined) return null;
  return (
    <p class="field-error" id={`${id}-error`}>
      {children}
    </p>
  );
}
