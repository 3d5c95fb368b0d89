import { LRUCache } from 'lru-cache';
import type { TraceStart, Tracing } from '../tracing.ts';
import type { Ask } from './conversation.ts';

/** How many different statements are remembered with what their spans say. */
const mostRemembered = 500;
/** Characters of a statement's text that a span has. */
const longestText = 600;

const starts = new LRUCache<string, TraceStart>({ max: mostRemembered });

/**
 * Notes each statement as a part of what is going on. Its text is our own: values travel as
 * parameters, and those are never noted.
 */
export function tracedAsk(tracing: Tracing, ask: Ask): Ask {
  return (statement) => tracing.within(startOf(statement.text), () => ask(statement));
}

function startOf(text: string): TraceStart {
  const known = starts.get(text);
  if (known) return known;
  const line = text.replace(/\s+/g, ' ').trim();
  const verb = /^[a-z]+/i.exec(line)?.[0].toLowerCase() ?? 'statement';
  const table = /\bcabinet\.\w+/.exec(line)?.[0];
  const start: TraceStart = {
    name: table === undefined ? verb : `${verb} ${table}`,
    kind: 'client',
    facts: { 'db.system.name': 'postgresql', 'db.query.text': line.slice(0, longestText) },
  };
  starts.set(text, start);
  return start;
}
