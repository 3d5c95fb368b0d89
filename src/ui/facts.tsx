import type { ComponentChildren } from 'preact';
import { useValueLanguage } from './value-language.ts';

export interface FactsProps {
  /** The values are long, so they are one below another on a phone. */
  long?: boolean | undefined;
  facts: readonly { term: string; value: ComponentChildren }[];
}

/** Values on file that can only be read: terms with their values. */
export function Facts({ facts, long = false }: FactsProps) {
  const valueLanguage = useValueLanguage();
  return (
    <dl class="facts" data-long={long ? '' : undefined}>
      {facts.map((fact) => (
        <div key={fact.term}>
          <dt>{fact.term}</dt>
          <dd lang={valueLanguage(fact.value)}>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
