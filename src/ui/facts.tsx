import type { ComponentChildren } from 'preact';

export interface FactsProps {
  /** The values are long, so they are one below another on a phone. */
  long?: boolean | undefined;
  facts: readonly { term: string; value: ComponentChildren }[];
}

/** Values on file that can only be read: terms with their values. */
export function Facts({ facts, long = false }: FactsProps) {
  return (
    <dl class="facts" data-long={long ? '' : undefined}>
      {facts.map((fact) => (
        <div key={fact.term}>
          <dt>{fact.term}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
