export interface WhoIAmProps {
  /** The full name, as the fund writes it. */
  name: string;
  /** "ЖСН". */
  iinLabel: string;
  /** Masked. */
  iin: string;
}

/** Whose data a page shows. People also fill in forms for their parents. */
export function WhoIAm({ name, iinLabel, iin }: WhoIAmProps) {
  const initials = name
    .split(' ')
    .slice(0, 2)
    .map((part) => [...part][0] ?? '')
    .join('');
  return (
    <p class="who">
      <span class="initials" aria-hidden="true">
        {initials}
      </span>
      <span>
        <b>{name}</b>
        <span>
          {iinLabel} {iin}
        </span>
      </span>
    </p>
  );
}
