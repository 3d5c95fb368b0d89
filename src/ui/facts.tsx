import type { ComponentChildren } from 'preact';

export interface FactsProps {
  facts: readonly { term: string; value: ComponentChildren }[];
}

/** Values on file that can only be read: terms with their values. */
export function Facts({ facts }: FactsProps) {
  return (
    <dl class="facts">
      {facts.map((fact) => (
        <div key={fact.term}>
          <dt>{fact.term}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
