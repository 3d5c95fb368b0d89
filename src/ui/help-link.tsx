import { helpPath } from '../paths.ts';
import type { Texts } from '../texts/kk.ts';

export interface HelpLinkProps {
  readonly t: Texts;
  readonly topic: keyof Texts['help']['topics'];
}

/** The way from a block to the page of the guide that answers the question about it. */
export function HelpLink({ t, topic }: HelpLinkProps) {
  return (
    <p class="help-link">
      <a href={helpPath(topic)}>{t.help.topics[topic].question}</a>
    </p>
  );
}
